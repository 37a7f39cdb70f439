import Platform
import Records

// Retention: the oldest segments make room for the newest.
//
// In this order, so that a crash at any point loses no word of what was dropped:
//
// 1. The gap records, one for each consumer that loses something, are written into the newest segment, which keeps a
//    reserve for them, and synced.
// 2. The segments are taken out of the list, so that readers pass on to the next.
// 3. Their files are removed; recovery removes what lies beside a segment that is no longer there.
// 4. The directory is synced.
//
// After a crash between 1 and 4 the segments may be there again, and go again: said twice, rather than never.
extension Committer {
  /// Drops what is over the limits, with so many bytes about to be reserved.
  /// - Returns: the limit that forbids to reserve them; nil: none.
  func keepLimits(demand bytes: Int) throws(SystemError) -> RetentionReason? {
    observeClock()
    let space = measureSpace()
    var demand = RetentionPolicy.Demand(
      bytes: bytes, givenBackBytes: bytes == 0 ? 0 : writer.map { $0.capacity - $0.position } ?? 0)
    while true {
      let consumers = state.consumers.all.map(\.position)
      switch policy.decide(segmentsByAge(demand: bytes), consumers: consumers, demand: demand, space: space) {
      case .keep: return nil
      case .refuse(let reason): return reason
      case .drop(let count, let reason):
        guard let freed = try drop(count, reason) else { return bytes > 0 ? .diskFull : nil }
        demand.freedBytes += freed
      }
    }
  }

  /// Drops, of what may go, as much as the disk could not give; at most every few seconds, since some file systems take a
  /// while to give back what was removed. False where nothing has gone.
  func dropOnFullDisk(_ bytes: Int) throws(SystemError) -> Bool {
    let now = state.time.monotonicNanoseconds()
    guard now >= nextDropOnFullDisk else { return false }
    observeClock()
    let demand = RetentionPolicy.Demand(bytes: bytes, isOutOfSpace: true)
    let consumers = state.consumers.all.map(\.position)
    guard
      case .drop(let count, let reason) = policy.decide(
        segmentsByAge(demand: bytes), consumers: consumers, demand: demand),
      try drop(count, reason) != nil
    else { return false }
    nextDropOnFullDisk = now + Self.dropNanoseconds
    return true
  }

  /// The segments as the policy sees them. While nothing is about to be made, the newest counts with all that it has
  /// reserved.
  private func segmentsByAge(demand: Int) -> [RetentionPolicy.Segment] {
    let all = state.segments.all
    let stamps = policy.maxAgeMilliseconds == nil ? [:] : history.newestByBase
    return all.indices.map { index in
      let isNewest = index == all.count - 1
      return RetentionPolicy.Segment(
        base: all[index].base, end: isNewest ? nextOffset : all[index + 1].base,
        bytes: isNewest && demand == 0 ? writer?.capacity ?? all[index].bytes : all[index].bytes,
        ageMilliseconds: stamps[all[index].base].map { clock.age(of: $0) } ?? 0)
    }
  }

  /// Removes the oldest `count` segments.
  /// - Returns: the bytes they had; nil where there was no room to say in the log what is lost. Nothing has gone then.
  private func drop(_ count: Int, _ reason: RetentionReason) throws(SystemError) -> Int? {
    let all = state.segments.all
    let gone = all.prefix(count)
    let start = all[0].base
    let end = all[count].base
    let losses = state.consumers.all.filter { $0.position < end }
      .map { Loss(consumer: $0.name, position: $0.position, offsets: max($0.position, start)..<end) }
    if !losses.isEmpty, try !writeGaps(losses) { return nil }
    state.segments.removeOldest(count)
    do throws(SystemError) {
      try removeFiles(of: gone, givingBackAtOnce: reason == .keepFree || reason == .diskFull)
    } catch {
      Journal.warning("removing the oldest segments: \(error); what is left of them goes after the next start")
    }
    note(gone, end: end, losses, reason)
    return gone.reduce(0) { $0 + $1.bytes }
  }

  /// What a consumer had still to get of segments that go.
  private struct Loss {
    let consumer: String
    /// From here on to `offsets` it had lost everything before: the record that said so may have gone with it.
    let position: Offset
    let offsets: Range<Offset>

    var place: String {
      let earlier = position < offsets.lowerBound ? ", nor \(position) to \(offsets.lowerBound - 1) before them" : ""
      return "offsets \(offsets.lowerBound) to \(offsets.upperBound - 1), not consumed by \(consumer)\(earlier)"
    }
  }

  /// Writes and syncs a gap record for each loss; false where there is no room.
  private func writeGaps(_ losses: [Loss]) throws(SystemError) -> Bool {
    guard let writer, !isNextInDoubt else { return false }
    let now = Timestamp(milliseconds: state.time.wallMilliseconds())
    gapBatch.reset()
    for loss in losses {
      let gap = GapRecord(.retention, count: loss.offsets.count, place: loss.place)
      gapBatch.append(topic: Topic.gap.utf8.span.bytes, payload: gap.payload.span.bytes, at: now)
    }
    gapBatch.finish(baseOffset: nextOffset)
    do throws(SystemError) {
      try writer.makeRoom(for: gapBatch.byteCount)
      try gapBatch.withBytes { bytes throws(SystemError) in try writer.append(bytes) }
    } catch {
      guard error.isOutOfSpace else { throw error }
      try writer.cutBack()
      return false
    }
    try writer.sync()
    var header = gapBatch.currentHeader
    header.baseOffset = nextOffset
    state.segments.noteBatch(header, at: writer.position - header.batchBytes)
    nextOffset += Offset(gapBatch.recordCount)
    metrics.records += gapBatch.recordCount
    metrics.bytesWritten += gapBatch.byteCount
    advance(writer)
    state.wakeFollowers()
    return true
  }

  /// Removes the files in their order, to the first that cannot be: what a crash or an error leaves has no hole in it.
  /// - Parameter givingBackAtOnce: a reader that has a file open would keep its blocks from the disk until it is done. They
  ///   are taken from it when the removal is durable: an empty segment that is there again would look damaged.
  private func removeFiles(
    of gone: ArraySlice<SegmentList.Segment>, givingBackAtOnce: Bool
  ) throws(SystemError) {
    for segment in gone {
      let file = givingBackAtOnce ? try state.disk.open(state.directory.file(.segment, segment.base), .readWrite) : nil
      try state.directory.removeSegment(segment.base, state.disk)
      guard let file else { continue }
      try state.disk.syncDirectory(state.directory.segments)
      try file.truncate(to: 0)
    }
    if !givingBackAtOnce { try state.disk.syncDirectory(state.directory.segments) }
  }

  /// Counts what has gone, and says what was lost.
  private func note(
    _ gone: ArraySlice<SegmentList.Segment>, end: Offset, _ losses: [Loss], _ reason: RetentionReason
  ) {
    let bytes = gone.reduce(0) { $0 + $1.bytes }
    metrics.retired[reason, default: .init()].add(records: Int(end - gone[0].base), bytes: bytes)
    history.segments.removeAll { $0.base < end }
    noteOldestRecord()
    guard let worst = losses.first else { return }
    let ends = gone.dropFirst().map(\.base) + [end]
    let missed = zip(gone, ends).filter { $1 > worst.offsets.lowerBound }
    let missedBytes = missed.reduce(0) { $0 + $1.0.bytes }
    metrics.dropped[reason, default: .init()].add(records: worst.offsets.count, bytes: missedBytes)
    for loss in losses {
      Journal.warning(
        "dropped records \(loss.offsets.lowerBound) to \(loss.offsets.upperBound - 1), which \(loss.consumer) had not got: \(reason.explanation)"
      )
    }
  }
}

extension RetentionPolicy {
  init(_ configuration: LogConfiguration) {
    self.init(
      maxBytes: configuration.maxBytes, maxAgeMilliseconds: configuration.maxAgeMilliseconds.map { Int64($0) },
      keepFree: configuration.keepFree, whenFull: configuration.whenFull)
  }
}

extension RetentionReason {
  fileprivate var explanation: String {
    switch self {
    case .maxBytes: "the log has come to `log.maxBytes`; raise it to hold longer outages"
    case .maxAge: "they are older than `log.maxAge`; raise it to hold longer outages"
    case .keepFree: "less than `log.keepFree` of the disk is free; make room on it to hold longer outages"
    case .diskFull: "the disk is full; make room on it, or lower `log.maxBytes`"
    }
  }
}
