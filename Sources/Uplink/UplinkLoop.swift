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
///
/// With `order: "freshFirst"` two lanes go through the log beside each other; `Lanes` has what each has still to cut.
package final class UplinkLoop: @unchecked Sendable {
  // Unchecked: made on one thread and handed to the uplink's, which alone uses it from then on.
  let configuration: UplinkConfiguration
  let filters: [TopicFilter]
  let target: any UplinkTarget
  let shared: Uplink.Shared
  let log: Log
  let time: any TimeSource

  var lanes: Lanes
  var liveReader: LogReader
  var backlogReader: LogReader
  var pace: BacklogPace
  /// Where the log ended when it was last seen whether the live lane keeps up, and when that was.
  var lateCheck: (time: Int64, end: Offset) = (0, 0)
  /// Until then records are gathered for the next shipment of the live lane; and whether there are such.
  var gatheredAt: Int64 = 0
  var isGathering = false
  /// When something last moved on the connection.
  var lastMoved: Int64 = 0
  /// A look for records that are wanted has ended before the log did.
  var hasMoreToLookAt = false

  var cursor: Cursor
  /// So many shipments are in the cursor's note.
  var notedCount = 0
  var appender: Appender
  /// Cut and not confirmed, in the order in which they are sent; the first `sentCount` have been handed to the target.
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
  var isOutsideSchedule = false
  var nextLookAtSchedule: Int64 = 0
  /// Shipments have just been handed to the target, which must get to work on them before anything is waited for.
  var isTargetDue = false

  /// All times are monotonic nanoseconds.
  enum Phase {
    case paused(Pause)
    case disconnected(retryAt: Int64)
    case connecting(deadline: Int64)
    case idle
    case shipping(deadline: Int64)
  }

  enum Pause {
    case command
    case schedule
  }

  static let second: Int64 = 1_000_000_000
  static let connectLimit = 10 * second
  /// Connected with nothing moving is a failure.
  var progressLimit: Int64 { Int64(configuration.timeoutSeconds) * Self.second }

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
    pace = BacklogPace(share: configuration.backlogShare, largestBytes: configuration.shipmentBytes)
    status = shared.status
    status.position = cursor.position
    let note = ShipmentNote(bytes: cursor.note, position: cursor.position)
    lanes = note.lanes
    notedCount = note.entries.count
    liveReader = log.makeReader(at: note.lanes.live)
    liveReader.filters = filters
    backlogReader = log.makeReader(at: note.lanes.first)
    backlogReader.filters = filters
    self.cursor = cursor
    // A log that refuses waits for its consumers: they must be able to go on.
    appender = log.makeAppender(alsoWhenRefusing: true)
    publish()
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
    hasMoreToLookAt = false
    isGathering = false
    switch phase {
    case .paused: break
    case .disconnected(let retryAt):
      guard now >= retryAt else { return Int((retryAt - now) / 1_000_000) + 1 }
      connect(now)
    case .connecting(let deadline):
      if now >= deadline { fail("no answer within 10 s; look at the host, the port and the network") }
    case .shipping(let deadline):
      if now >= deadline {
        fail(lastReported ?? "connected, but nothing has been confirmed for \(configuration.timeoutSeconds) s")
      } else {
        ship(now)
      }
    case .idle:
      ship(now)
    }
    defer { isTargetDue = false }
    if isTargetDue || hasMoreToLookAt { return 0 }
    let longest = rate?.millisecondsToWait(now) ?? 500
    return isGathering ? min(longest, Int((gatheredAt - now) / 1_000_000) + 1) : longest
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
      if progress.hasMoved || progress.confirmed > 0 { lastMoved = time.monotonicNanoseconds() }
      if let hesitation = progress.hesitation { report(hesitation) }
      try deadLetter(progress.refused)
      if progress.isReady, case .connecting = phase { becomeReady() }
      if case .shipping = phase {
        if progress.confirmed > 0 {
          confirm(progress.confirmed)
        } else if progress.hasMoved {
          phase = .shipping(deadline: time.monotonicNanoseconds() + progressLimit)
        }
      }
    } catch let error as TargetFailure {
      fail(error.description)
    } catch {
      fail("\(error)")
    }
  }

  /// How the uplink stands, as of now.
  package var currentStatus: UplinkStatus {
    var status = status
    fill(&status)
    return status
  }

  private func fill(_ status: inout UplinkStatus) {
    let inFlight = flights.reduce(into: (all: 0, backlog: 0)) { sum, flight in
      let count = Int(flight.shipment.end - flight.shipment.first)
      sum.all += count
      if flight.lane == .backlog { sum.backlog += count }
    }
    // Until what an earlier life had on its way is made again, its place is the cursor's.
    status.position = hasRecovered ? position : min(cursor.position, position)
    status.backlogRecords =
      hasRecovered
      ? inFlight.all + lanes.count(upTo: log.durableEnd) : Int(max(0, log.durableEnd - status.position))
    status.leftBehindRecords = inFlight.backlog + lanes.backlogCount
    status.shipmentsInFlight = sentCount
  }

  private func publish() {
    fill(&status)
    switch phase {
    case .paused(let reason): status.enter(reason == .schedule ? .scheduled : .paused, time)
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
    if hasRecovered, flights.isEmpty { _ = save(noting: 0) }
    status.enter(.stopped, time)
    status.shipmentsInFlight = 0
    status.connectedSince = nil
    shared.publish(status)
  }
}
