import Bytes
package import Platform
package import Records
package import Storage

/// The thread of one uplink: cuts shipments from the log, sees each through to the far side's confirmation, and moves the
/// cursor by nothing else.
///
/// Several shipments are on their way at a time, as many as the target takes. The cursor is written when some are cut: the
/// write that says what is on its way now says also that everything before it has arrived. When nothing follows, it is
/// written once more. Where the disk refuses it, nothing new is sent until it is written: what is on its way is always noted.
package final class UplinkLoop: @unchecked Sendable {
  // Unchecked: made on one thread and handed to the uplink's, which alone uses it from then on.
  let configuration: UplinkConfiguration
  let filters: [TopicFilter]
  let target: any UplinkTarget
  let shared: Uplink.Shared
  let log: Log
  let time: any TimeSource

  var reader: LogReader
  var cursor: Cursor
  var appender: Appender
  /// Cut and not confirmed, in the log's order; the first `sentCount` have been handed to the target.
  var flights: [Flight] = []
  var sentCount = 0
  var spareFlights: [Flight] = []
  /// What an earlier life had on its way has been made again.
  var hasRecovered = false

  var phase = Phase.disconnected(retryAt: 0)
  var status: UplinkStatus
  var backoff: Backoff
  var rate: Bandwidth?
  var diskBackoff = Backoff(longestMilliseconds: 10_000)
  /// Until then the cursor is not tried again.
  var restUntil: Int64 = 0
  var lastCommit: Int64 = 0
  var lastReported: String?
  /// Shipments have just been handed to the target, which must get to work on them before anything is waited for.
  var isTargetDue = false

  /// All times are monotonic nanoseconds.
  enum Phase {
    case paused
    case disconnected(retryAt: Int64)
    case connecting(deadline: Int64)
    case idle
    case shipping(deadline: Int64)
  }

  static let second: Int64 = 1_000_000_000
  static let connectLimit = 10 * second
  /// Connected with nothing moving is a failure.
  static let progressLimit = 30 * second

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
    rate = configuration.maxBytesPerSecond.map { Bandwidth(bytesPerSecond: $0, now: time.monotonicNanoseconds()) }
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
    obey(now)
    switch phase {
    case .paused: break
    case .disconnected(let retryAt):
      guard now >= retryAt else { return Int((retryAt - now) / 1_000_000) + 1 }
      connect(now)
    case .connecting(let deadline):
      if now >= deadline { fail("no answer within 10 s; look at the host, the port and the network") }
    case .shipping(let deadline):
      if now >= deadline {
        fail(status.lastError ?? "connected, but nothing has been confirmed for 30 s")
      } else {
        ship(now)
      }
    case .idle:
      ship(now)
    }
    defer { isTargetDue = false }
    return isTargetDue ? 0 : rate?.millisecondsToWait(now) ?? 500
  }

  /// Lets the target move, and takes up what became of the shipments.
  package func work(isReadable: Bool) {
    switch phase {
    case .disconnected, .paused: return
    case .connecting, .idle, .shipping: break
    }
    do {
      let progress = try target.work(isReadable: isReadable)
      status.shippedBytes += progress.sentBytes
      rate?.take(progress.sentBytes)
      if let hesitation = progress.hesitation { report(hesitation) }
      try deadLetter(progress.refused)
      if progress.isReady, case .connecting = phase { becomeReady() }
      if case .shipping = phase {
        if progress.confirmed > 0 {
          confirm(progress.confirmed)
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
    status.shipmentsInFlight = sentCount
    switch phase {
    case .paused: status.enter(.paused, time)
    case .disconnected: status.enter(.waiting, time)
    case .connecting: status.enter(.connecting, time)
    case .idle: status.enter(.idle, time)
    case .shipping: status.enter(.shipping, time)
    }
    shared.publish(status)
  }

  private func end() {
    target.disconnect()
    // Shipments that are on their way stay noted, and are sent again at the next start.
    if flights.isEmpty, hasRecovered { _ = saveCursor(status.position, note: []) }
    status.enter(.stopped, time)
    status.shipmentsInFlight = 0
    status.connectedSince = nil
    shared.publish(status)
  }
}
