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
    var reader = makeReader(at: lanes.first)
    for entry in ShipmentNote(bytes: cursor.note, position: cursor.position).entries {
      let flight = takeFlight()
      try flight.contents.refill(entry.shipment, from: &reader, filters: filters, lane: entry.lane)
      // Retention may have taken some of it meanwhile, of which the gap record tells: what is left is another shipment.
      flight.identity = flight.contents.recordCount == entry.recordCount ? entry.identity : nil
      flight.isNoted = true
      if flight.contents.recordCount > 0 { recovered.append(flight) } else { retire(flight) }
    }
    flights = recovered
    hasRecovered = true
  }

  /// Batches of the log that cannot be unpacked, although their checksums are right, are made again of what can be read of them.
  func mendUnreadable() throws(StorageError) {
    for flight in flights where !flight.contents.unpack() { try remake(flight) }
    flights.removeAll { $0.contents.recordCount == 0 }
  }

  /// Makes a shipment of single records, of those that there are: it is another one then.
  func remake(_ flight: Flight) throws(StorageError) {
    var reader = makeReader(at: flight.shipment.first)
    try flight.contents.refill(flight.shipment, from: &reader, filters: filters, lane: flight.lane)
    flight.identity = nil
  }

  /// Sends the first shipment that is not on its way yet: one at a time, so that the far side is busy with it while the next is
  /// made ready.
  private func send(_ now: Int64) throws {
    guard sentCount < flights.count, rate?.isExhausted(now) != true else { return }
    let ready = try note(upTo: min(flights.count, target.window), now)
    // Where the target has something to settle first, that must come to an end, too.
    if case .idle = phase, !flights.isEmpty { phase = .shipping(deadline: now + progressLimit) }
    guard sentCount < ready else { return }
    try target.send(flights[sentCount].contents, as: flights[sentCount].identity ?? [])
    flights[sentCount].sentAt = now
    if sentCount == 0 { lastMoved = now }
    sentCount += 1
    isTargetDue = true
  }

  /// Notes on disk what is about to be sent, and what the far side will recognise it by.
  /// - Returns: how many of the shipments may be on their way now.
  private func note(upTo count: Int, _ now: Int64) throws -> Int {
    var ready = sentCount
    var ahead = flights.prefix(ready).map { $0.identity ?? [] }
    while ready < count,
      let identity = try target.identify(flights[ready].contents, noted: flights[ready].identity, behind: ahead)
    {
      flights[ready].identity = identity
      guard makeNote(of: ready + 1).fits else { break }
      ahead.append(identity)
      ready += 1
    }
    guard ready > sentCount else { return sentCount }
    // Those behind that an earlier life had on their way stay noted.
    var noted = max(ready, flights.lastIndex(where: \.isNoted).map { $0 + 1 } ?? 0)
    while !makeNote(of: noted).fits { noted -= 1 }
    guard makeNote(of: noted).bytes != cursor.note || cursor.position != position else { return ready }
    guard now >= restUntil else { return sentCount }
    if save(noting: noted) {
      for flight in flights.prefix(noted) { flight.isNoted = true }
      return ready
    }
    uncut()
    return sentCount
  }

  /// What stands on disk when the first `count` shipments are noted: the others, as far as it is concerned, are not cut.
  private func makeNote(of count: Int) -> ShipmentNote {
    var lanes = lanes
    for flight in flights[count...].reversed() { lanes.giveBack(flight.shipment, to: flight.lane) }
    let entries = flights[..<count].map {
      ShipmentNote.Entry(
        $0.shipment, $0.lane, recordCount: $0.contents.recordCount, identity: $0.identity ?? [])
    }
    return ShipmentNote(lanes, entries)
  }

  /// The first offset that the far side has not confirmed.
  var position: Offset { flights.reduce(lanes.first) { min($0, $1.shipment.first) } }

  /// Of a shipment's records, uncompressed, as they came.
  private func rawBytes(_ flight: Flight) -> Int {
    let bytes = flight.contents.byteCount
    guard flight.contents.header.isIdentified, let identity = log.sealedIdentity else { return bytes }
    return bytes - identity.byteCount(flight.shipment.first, count: flight.contents.recordCount)
  }

  /// The first `count` shipments are at the far side.
  func confirm(_ count: Int) {
    precondition(count <= sentCount)
    let now = time.monotonicNanoseconds()
    for flight in flights.prefix(count) {
      status.shipments += 1
      status.shippedRecords += flight.contents.recordCount
      status.rawBytes += rawBytes(flight)
      if flight.lane == .backlog { pace.confirmed(after: now - flight.sentAt) }
      retire(flight)
    }
    flights.removeFirst(count)
    sentCount -= count
    backoff.reset()
    lastReported = nil
    phase = sentCount == 0 ? .idle : .shipping(deadline: now + progressLimit)
    // The next shipments' note confirms these; without a next, this write does.
    ship(now)
    if flights.isEmpty, notedCount > 0, now >= restUntil { _ = save(noting: 0) }
  }

  /// Writes the cursor, with the first `count` shipments. False where the disk refuses: it is behind then, and after a crash
  /// records are sent again, none is lost.
  func save(noting count: Int) -> Bool {
    let now = time.monotonicNanoseconds()
    let (position, note) = (position, makeNote(of: count).bytes)
    do throws(StorageError) {
      if cursor.position != position || cursor.note != note { try cursor.commit(position, note: note) }
    } catch {
      status.saveFailures += 1
      restUntil = now + diskBackoff.next() * 1_000_000
      report("\(error)")
      return false
    }
    notedCount = count
    diskBackoff.reset()
    lastCommit = now
    return true
  }
}
