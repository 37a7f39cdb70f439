import Platform
import Records
import Storage

// Shipments.
extension UplinkLoop {
  /// Sends what was on its way, and cuts and sends what is next: as much as the target takes.
  func ship(_ now: Int64) {
    do {
      if !hasRecovered { try recover() }
      try cut(now)
      try send(now)
    } catch let error as TargetFailure {
      fail(error.description)
    } catch {
      fail("\(error)")
    }
  }

  /// Makes the shipments again that an earlier life had on their way.
  private func recover() throws(StorageError) {
    var recovered: [Flight] = []
    for entry in ShipmentNote(bytes: cursor.note).entries {
      let flight = takeFlight()
      try flight.contents.refill(entry.shipment, from: &reader, filters: filters)
      flight.identity = entry.identity
      flight.isNoted = true
      // Retention may have taken all of it meanwhile; the gap record says so.
      if flight.contents.recordCount > 0 { recovered.append(flight) } else { status.position = entry.shipment.end }
    }
    flights = recovered
    if let first = recovered.first { status.position = first.shipment.first }
    hasRecovered = true
  }

  private func takeFlight() -> Flight { spareFlights.popLast() ?? Flight() }

  private func retire(_ flight: Flight) {
    flight.clear()
    spareFlights.append(flight)
  }

  /// Cuts what is waiting. Not one by one: each time costs a sync of the cursor.
  private func cut(_ now: Int64) throws(StorageError) {
    guard now >= restUntil, flights.count <= target.window / 2 else { return }
    while flights.count < target.window {
      // Behind others, only what fills a shipment: the rest grows while they are on their way.
      if !flights.isEmpty, log.durableEnd - reader.position < configuration.shipmentRecords { return }
      guard try cutNext(now) else { return }
    }
  }

  /// Cuts a shipment; false where nothing is waiting.
  private func cutNext(_ now: Int64) throws(StorageError) -> Bool {
    let flight = takeFlight()
    let end = try flight.contents.cut(from: &reader, filters: filters, limits: limits)
    guard flight.contents.shipment == nil else {
      flights.append(flight)
      return true
    }
    retire(flight)
    guard flights.isEmpty else { return false }
    status.position = end
    // Nothing to send. What the cursor has still to tell is written at leisure: it costs a sync.
    let isDue = cursor.note != [] || now - lastCommit > 5 * Self.second
    if cursor.position != end, isDue { _ = saveCursor(end, note: []) }
    return false
  }

  private var limits: ShipmentContents.Limits {
    // A slow line is not to be kept busy by one shipment for long.
    let bytes = configuration.maxBytesPerSecond.map { min(configuration.shipmentBytes, max(16 << 10, $0 * 8)) }
    return .init(records: configuration.shipmentRecords, bytes: bytes ?? configuration.shipmentBytes)
  }

  /// Sends the shipments that are not on their way yet.
  private func send(_ now: Int64) throws {
    let ready = min(flights.count, target.window)
    guard sentCount < ready, rate?.isExhausted(now) != true, try note(..<ready, now) else { return }
    if sentCount == 0 { phase = .shipping(deadline: now + Self.progressLimit) }
    while sentCount < ready, rate?.isExhausted(now) != true {
      try target.send(flights[sentCount].contents, as: flights[sentCount].identity ?? [])
      sentCount += 1
      isTargetDue = true
      // Without knowing what it comes to on the wire, no second one is sent.
      if rate != nil { break }
    }
  }

  /// Notes on disk what is about to be sent, and what the far side will recognise it by; false where that cannot be done now.
  private func note(_ ready: PartialRangeUpTo<Int>, _ now: Int64) throws -> Bool {
    for index in sentCount..<ready.upperBound {
      let previous = index > 0 ? flights[index - 1].identity : nil
      flights[index].identity = try target.identify(
        flights[index].contents, noted: flights[index].identity, behind: previous)
    }
    let entries = flights.filter { $0.identity != nil }.map {
      ShipmentNote.Entry($0.shipment, identity: $0.identity ?? [])
    }
    let note = ShipmentNote(entries).bytes
    guard cursor.note != note || cursor.position != status.position else { return true }
    guard now >= restUntil else { return false }
    if saveCursor(status.position, note: note) {
      for flight in flights where flight.identity != nil { flight.isNoted = true }
      return true
    }
    uncut()
    return false
  }

  /// Gives up what was cut and never noted, nor sent.
  private func uncut() {
    while let last = flights.last, !last.isNoted {
      reader.seek(to: last.shipment.first)
      flights.removeLast()
      retire(last)
    }
  }

  /// The first `count` shipments are at the far side.
  func confirm(_ count: Int) {
    precondition(count <= sentCount)
    for flight in flights.prefix(count) {
      status.shipments += 1
      status.shippedRecords += flight.contents.recordCount
      status.rawBytes += flight.contents.byteCount
      status.position = flight.shipment.end
      retire(flight)
    }
    flights.removeFirst(count)
    sentCount -= count
    backoff.reset()
    lastReported = nil
    let now = time.monotonicNanoseconds()
    phase = sentCount == 0 ? .idle : .shipping(deadline: now + Self.progressLimit)
    // The next shipments' note confirms these; without a next, this write does.
    ship(now)
    if flights.isEmpty, cursor.note != [], now >= restUntil { _ = saveCursor(status.position, note: []) }
  }

  /// False where the disk refuses. The cursor on disk is behind then: after a crash records are sent again, none is lost.
  func saveCursor(_ position: Offset, note: [UInt8]) -> Bool {
    let now = time.monotonicNanoseconds()
    do throws(StorageError) {
      if cursor.position != position || cursor.note != note { try cursor.commit(position, note: note) }
    } catch {
      status.saveFailures += 1
      restUntil = now + diskBackoff.next() * 1_000_000
      report("\(error)")
      return false
    }
    diskBackoff.reset()
    lastCommit = now
    return true
  }

  /// Puts what the far side refuses for good into the log as dead letters, durably. All of it is of the first shipment.
  func deadLetter(_ refused: [RefusedRecord]) throws(StorageError) {
    guard !refused.isEmpty, let flight = flights.first else { return }
    let reasons = Dictionary(refused.map { ($0.index, $0.reason) }, uniquingKeysWith: { first, _ in first })
    Self.append(reasons, of: flight.contents, uplink: status.name, at: time.wallMilliseconds(), to: &appender)
    status.deadLetters += reasons.count
    try appender.flushAndWait()
  }

  private static func append(
    _ reasons: [Int: String], of contents: borrowing ShipmentContents, uplink: String, at now: Int64,
    to appender: inout Appender
  ) {
    var iterator = RecordIterator(contents.header, records: contents.recordBytes)
    var index = 0
    while let record = iterator.next() {
      defer { index += 1 }
      guard let reason = reasons[index] else { continue }
      var headers = RecordHeaders()
      headers.add(RecordHeaderKey.reason, reason)
      headers.add(RecordHeaderKey.attempts, "1")
      headers.add(RecordHeaderKey.originalOffset, "\(record.offset)")
      headers.add(RecordHeaderKey.originalTopic, record.topic)
      appender.append(
        topic: (Topic.deadLetterPrefix + "uplink-" + uplink).utf8.span.bytes, payload: record.payload,
        at: Timestamp(milliseconds: now), headers: headers)
      Journal.warning("uplink \(uplink): record \(record.offset) is refused and set aside: \(reason)")
    }
  }
}
