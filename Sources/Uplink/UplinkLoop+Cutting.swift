import Platform
import Records
import Storage

// What of the log goes next.
extension UplinkLoop {
  /// A live lane that is so far behind is left to the backlog.
  private static let freshNanoseconds = 10 * second

  /// Cuts what is waiting. Not one by one: each time costs a sync of the cursor.
  func cut(_ now: Int64) throws(StorageError) {
    guard now >= restUntil else { return }
    leaveBehindIfLate(now)
    // Live records do not wait for the backlog's.
    let isLiveFree = !flights.contains { $0.lane == .live }
    guard flights.count <= target.window / 2 || isLiveFree else { return }
    while flights.count < target.window, let lane = nextLane(now), try cutNext(lane, now) {}
  }

  /// Which lane's turn it is; nil: nothing is waiting that should go now.
  private func nextLane(_ now: Int64) -> Lane? {
    let live = flights.count { $0.lane == .live }
    let waiting = log.durableEnd - liveReader.position
    let isGathered = now >= gatheredAt
    if waiting > 0, live == 0, !isGathered { isGathering = true }
    // Behind others, only what fills a shipment: the rest grows while they are on their way.
    let isLiveDue = waiting > 0 && (live == 0 && isGathered || waiting >= configuration.shipmentRecords)
    // A place is kept for live records.
    let isBacklogDue = !lanes.backlog.isEmpty && flights.count - live < max(1, target.window - 1)
    if isLiveDue, isBacklogDue { return pace.isBacklogsTurn ? .backlog : .live }
    return isLiveDue ? .live : isBacklogDue ? .backlog : nil
  }

  /// Cuts a shipment; false where nothing is waiting.
  private func cutNext(_ lane: Lane, _ now: Int64) throws(StorageError) -> Bool {
    guard let range = lanes.next(in: lane) else { return false }
    let flight = takeFlight()
    var limits = limits(lane)
    limits.end = range.upperBound
    let end = try cut(flight, lane, range, limits)
    guard flight.contents.shipment == nil else {
      lanes.advance(lane, to: flight.shipment.end)
      flights.append(flight)
      // A file that is not read any more is not kept open: retention may want its room.
      if lane == .backlog, lanes.backlog.first?.lowerBound != end { backlogReader.seek(to: end) }
      pace.count(flight.contents.byteCount, lane)
      if lane == .live { gatheredAt = now + Int64(configuration.shipmentWaitMilliseconds) * 1_000_000 }
      return true
    }
    retire(flight)
    // Nothing that is wanted. Where the lane's shipments are still on their way, they bring the place with them.
    guard !flights.contains(where: { $0.lane == lane }) else { return false }
    hasMoreToLookAt = end > range.lowerBound && end < min(range.upperBound, log.durableEnd)
    lanes.advance(lane, to: end)
    // What the cursor has still to tell is written at leisure: it costs a sync.
    let isDue = notedCount > 0 || now - lastCommit > 5 * Self.second
    if flights.isEmpty, cursor.position != lanes.first, isDue { _ = save(noting: 0) }
    return false
  }

  /// - Returns: how far the lane has been looked through. A reader may have gone further than the lane, over what is not wanted.
  private func cut(
    _ flight: Flight, _ lane: Lane, _ range: Range<Offset>, _ limits: ShipmentContents.Limits
  ) throws(StorageError) -> Offset {
    switch lane {
    case .live: return try Self.cut(flight, lane, range, from: &liveReader, filters, limits)
    case .backlog: return try Self.cut(flight, lane, range, from: &backlogReader, filters, limits)
    }
  }

  private static func cut(
    _ flight: Flight, _ lane: Lane, _ range: Range<Offset>, from reader: inout LogReader, _ filters: [TopicFilter],
    _ limits: ShipmentContents.Limits
  ) throws(StorageError) -> Offset {
    if !range.contains(reader.position) { reader.seek(to: range.lowerBound) }
    return try flight.contents.cut(from: &reader, filters: filters, limits: limits, lane: lane)
  }

  func makeReader(at offset: Offset) -> LogReader {
    var reader = log.makeReader(at: offset)
    reader.filters = filters
    return reader
  }

  private func limits(_ lane: Lane) -> ShipmentContents.Limits {
    var bytes = configuration.shipmentBytes
    if configuration.order == .freshFirst, lane == .backlog { bytes = pace.shipmentBytes }
    if let rate = configuration.maxBytesPerSecond {
      // A slow line is not to be kept busy by one shipment for long.
      bytes = min(bytes, max(16 << 10, rate * (lane == .live ? 8 : 2)))
    }
    return .init(
      records: configuration.shipmentRecords, bytes: bytes, takesStored: target.takesStoredBatches(in: lane))
  }

  func takeFlight() -> Flight { spareFlights.popLast() ?? Flight() }

  func retire(_ flight: Flight) {
    flight.clear()
    spareFlights.append(flight)
  }

  /// Gives up what was cut and never noted, nor sent.
  func uncut() {
    while let last = flights.last, !last.isNoted {
      lanes.giveBack(last.shipment, to: last.lane)
      flights.removeLast()
      retire(last)
    }
    liveReader.seek(to: lanes.live)
    backlogReader.seek(to: lanes.first)
  }

  /// With `freshFirst`: what waits is left to the backlog lane where it is more than goes at once.
  func leaveBehind() {
    let end = log.durableEnd
    guard configuration.order == .freshFirst, end - lanes.live > configuration.shipmentRecords else { return }
    let before = lanes.live
    lanes.leaveBehind(upTo: end)
    guard lanes.live > before else { return }
    liveReader.seek(to: lanes.live)
    Journal.notice(
      "uplink \(status.name): \(end - before) records wait; what comes from now on goes at once, and those beside it")
  }

  /// The line does not take what comes: live records would get older and older.
  private func leaveBehindIfLate(_ now: Int64) {
    guard configuration.order == .freshFirst, now - lateCheck.time >= Self.freshNanoseconds else { return }
    if lateCheck.time > 0, liveReader.position < lateCheck.end { leaveBehind() }
    lateCheck = (now, log.durableEnd)
  }
}
