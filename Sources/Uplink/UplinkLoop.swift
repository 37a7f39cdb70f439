import Bytes
package import Platform
package import Records
package import Storage

/// The thread of one uplink: cuts shipments from the log, sees each through to the far side's confirmation, and moves the
/// cursor by nothing else.
///
/// The cursor is written once a shipment: the write that says what is on its way now says also that everything before it
/// has arrived. When nothing follows, it is written once more. Where the disk refuses it, nothing new is sent until it is
/// written: what is on its way is always noted.
package final class UplinkLoop: @unchecked Sendable {
  // Unchecked: made on one thread and handed to the uplink's, which alone uses it from then on.
  private let configuration: UplinkConfiguration
  private let filters: [TopicFilter]
  private let target: any UplinkTarget
  private let shared: Uplink.Shared
  private let log: Log
  private let time: any TimeSource

  private var reader: LogReader
  private var cursor: Cursor
  private var appender: Appender
  private var contents = ShipmentContents()
  /// What the far side recognises the shipment by, as noted on disk; nil: it has not been noted, nor sent.
  private var identity: [UInt8]?
  private var phase = Phase.disconnected(retryAt: 0)
  private var status: UplinkStatus
  private var backoff: Backoff
  private var diskBackoff: Backoff
  /// Until then the cursor is not tried again.
  private var restUntil: Int64 = 0
  private var lastCommit: Int64 = 0
  private var lastReported: String?
  /// A shipment has just been handed to the target, which must get to work on it before anything is waited for.
  private var isTargetDue = false

  /// All times are monotonic nanoseconds.
  private enum Phase {
    case disconnected(retryAt: Int64)
    case connecting(deadline: Int64)
    case idle
    case shipping(deadline: Int64)
  }

  private static let second: Int64 = 1_000_000_000
  private static let connectLimit = 10 * second
  /// Connected with nothing moving is a failure.
  private static let progressLimit = 30 * second

  package init(
    _ configuration: UplinkConfiguration, filters: [TopicFilter], target: any UplinkTarget, shared: Uplink.Shared,
    log: Log, cursor: consuming Cursor, time: any TimeSource, backoff: Backoff
  ) {
    self.configuration = configuration
    self.filters = filters
    self.target = target
    self.shared = shared
    self.log = log
    self.time = time
    self.backoff = backoff
    diskBackoff = Backoff(longestMilliseconds: 10_000)
    status = shared.status
    status.position = cursor.position
    reader = log.makeReader(at: cursor.position)
    reader.filters = filters
    self.cursor = cursor
    // A log that refuses waits for its consumers: they must be able to go on.
    appender = log.makeAppender(alsoWhenRefusing: true)
  }

  package func run() {
    log.follow(shared.wakeUp)
    defer { log.unfollow(shared.wakeUp) }
    while !shared.mustStop {
      let milliseconds = turn()
      publish()
      let ready = DescriptorWait.wait(
        on: target.descriptor, forWriting: target.wantsWrite, or: shared.wakeUp, milliseconds: milliseconds)
      guard !shared.mustStop else { break }
      work(isReadable: ready.isReadable)
    }
    end()
  }

  /// Does what is due without waiting.
  /// - Returns: how long may be slept, in milliseconds, unless something happens.
  package func turn() -> Int {
    let now = time.monotonicNanoseconds()
    switch phase {
    case .disconnected(let retryAt):
      guard now >= retryAt else { return Int((retryAt - now) / 1_000_000) + 1 }
      connect(now)
    case .connecting(let deadline):
      if now >= deadline { fail("no answer within 10 s; look at the host, the port and the network") }
    case .shipping(let deadline):
      if now >= deadline { fail(status.lastError ?? "connected, but nothing has been confirmed for 30 s") }
    case .idle:
      shipNext(now)
    }
    defer { isTargetDue = false }
    return isTargetDue ? 0 : 500
  }

  /// Lets the target move, and takes up what became of the shipment.
  package func work(isReadable: Bool) {
    if case .disconnected = phase { return }
    do {
      let progress = try target.work(isReadable: isReadable)
      status.shippedBytes += progress.sentBytes
      if let hesitation = progress.hesitation { report(hesitation) }
      try deadLetter(progress.refused)
      if progress.isReady, case .connecting = phase { becomeReady() }
      if case .shipping = phase {
        if progress.isConfirmed {
          confirm()
        } else if progress.hasMoved {
          phase = .shipping(deadline: time.monotonicNanoseconds() + Self.progressLimit)
        }
      }
    } catch let error as TargetFailure {
      fail(error.description)
    } catch {
      fail("\(error)")
    }
  }

  /// How the uplink stands, as of now.
  package var currentStatus: UplinkStatus { status }

  private func publish() {
    status.backlogRecords = Int(max(0, log.durableEnd - status.position))
    switch phase {
    case .disconnected: status.state = .waiting
    case .connecting: status.state = .connecting
    case .idle: status.state = .idle
    case .shipping: status.state = .shipping
    }
    shared.publish(status)
  }

  private func end() {
    target.disconnect()
    // A shipment that is on its way stays noted, and is sent again at the next start.
    if contents.shipment == nil { _ = saveCursor(status.position, note: []) }
    status.state = .stopped
    status.connectedSince = nil
    shared.publish(status)
  }
}

// The connection.
extension UplinkLoop {
  private func connect(_ now: Int64) {
    do throws(TargetFailure) {
      phase = .connecting(deadline: now + Self.connectLimit)
      try target.connect()
    } catch {
      fail(error.description)
    }
  }

  private func becomeReady() {
    status.connectedSince = Timestamp(milliseconds: time.wallMilliseconds())
    Journal.notice("uplink \(status.name): connected to \(status.target)")
    lastReported = nil
    phase = .idle
    shipNext(time.monotonicNanoseconds())
  }

  private func fail(_ reason: String) {
    target.disconnect()
    if case .shipping = phase { status.retries += 1 }
    status.connectedSince = nil
    report(reason)
    phase = .disconnected(retryAt: time.monotonicNanoseconds() + backoff.next() * 1_000_000)
  }

  /// Logs an error that is not the same as the one before, so that an outage is one line.
  private func report(_ reason: String) {
    status.lastError = reason
    guard lastReported != reason else { return }
    lastReported = reason
    Journal.warning("uplink \(status.name): \(reason)")
  }
}

// Shipments.
extension UplinkLoop {
  /// Sends the shipment that was on its way, or cuts the next.
  private func shipNext(_ now: Int64) {
    do {
      // What has been confirmed meanwhile may be noted still, where the cursor could not be saved.
      if contents.shipment == nil, let noted = Shipment(note: cursor.note), noted.first >= status.position {
        try contents.refill(noted, from: &reader, filters: filters)
        identity = Shipment.identity(in: cursor.note)
      }
      if contents.shipment == nil, try !cutNext(now) { return }
      guard contents.recordCount > 0 else {
        // Retention has taken all of it meanwhile; the gap record says so.
        confirm()
        return
      }
      guard try note(now) else { return }
      phase = .shipping(deadline: now + Self.progressLimit)
      try target.send(contents)
      isTargetDue = true
    } catch let error as TargetFailure {
      fail(error.description)
    } catch {
      fail("\(error)")
    }
  }

  /// Notes on disk what is about to be sent, and what the far side will recognise it by; false where that cannot be done now.
  private func note(_ now: Int64) throws -> Bool {
    guard let shipment = contents.shipment else { return false }
    let wanted = try target.identify(contents, noted: identity)
    let note = shipment.note(wanted)
    guard cursor.note != note || cursor.position != shipment.first else {
      identity = wanted
      return true
    }
    guard now >= restUntil else { return false }
    if saveCursor(shipment.first, note: note) {
      identity = wanted
      return true
    }
    if identity == nil {
      // It was never sent, and may be cut anew.
      contents.clear()
      reader.seek(to: shipment.first)
    }
    return false
  }

  /// Cuts a shipment; false where nothing is waiting.
  private func cutNext(_ now: Int64) throws(StorageError) -> Bool {
    guard now >= restUntil else { return false }
    let limits = ShipmentContents.Limits(records: configuration.shipmentRecords, bytes: configuration.shipmentBytes)
    let end = try contents.cut(from: &reader, filters: filters, limits: limits)
    identity = nil
    if contents.shipment != nil { return true }
    status.position = end
    // Nothing to send. What the cursor has still to tell is written at leisure: it costs a sync.
    let isDue = cursor.note != [] || now - lastCommit > 5 * Self.second
    if cursor.position != end, isDue { _ = saveCursor(end, note: []) }
    return false
  }

  private func confirm() {
    guard let shipment = contents.shipment else { return }
    status.shipments += 1
    status.shippedRecords += contents.recordCount
    status.rawBytes += contents.byteCount
    status.position = shipment.end
    contents.clear()
    backoff.reset()
    lastReported = nil
    phase = .idle
    // The next shipment's note confirms this one; without a next, this write does.
    do throws(StorageError) {
      if try !cutNext(time.monotonicNanoseconds()) {
        if cursor.note != [], time.monotonicNanoseconds() >= restUntil { _ = saveCursor(status.position, note: []) }
        return
      }
    } catch {
      fail("\(error)")
      return
    }
    shipNext(time.monotonicNanoseconds())
  }

  /// False where the disk refuses. The cursor on disk is behind then: after a crash records are sent again, none is lost.
  private func saveCursor(_ position: Offset, note: [UInt8]) -> Bool {
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

  /// Puts what the far side refuses for good into the log as dead letters, durably.
  private func deadLetter(_ refused: [RefusedRecord]) throws(StorageError) {
    guard !refused.isEmpty else { return }
    let reasons = Dictionary(refused.map { ($0.index, $0.reason) }, uniquingKeysWith: { first, _ in first })
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
        topic: (Topic.deadLetterPrefix + "uplink-" + status.name).utf8.span.bytes, payload: record.payload,
        at: Timestamp(milliseconds: time.wallMilliseconds()), headers: headers)
      status.deadLetters += 1
      Journal.warning("uplink \(status.name): record \(record.offset) is refused and set aside: \(reason)")
    }
    try appender.flushAndWait()
  }
}
