import Bytes
import Platform
import Records
import Routing
import Storage
import Support

/// A handler that does what the test says, and keeps what it was given.
final class FakeHandler: Handler {
  /// One a delivery; everything is accepted where there are none left.
  var outcomes: [(Int) -> DeliveryOutcome] = []
  /// The offsets of each delivery.
  private(set) var deliveries: [[Offset]] = []
  private(set) var isStopped = false

  func deliver(_ batch: borrowing DeliveryBatch, until stop: StopRequest) -> DeliveryOutcome {
    var offsets: [Offset] = []
    for index in 0..<batch.count { offsets.append(batch.record(at: index).offset) }
    deliveries.append(offsets)
    guard !outcomes.isEmpty else { return DeliveryOutcome(accepted: batch.count) }
    return outcomes.removeFirst()(batch.count)
  }

  func stop() {
    isStopped = true
  }

  func refuse(after accepted: Int = 0, _ reason: String = "bad", beyond: [Int] = []) {
    outcomes.append { _ in
      DeliveryOutcome(accepted: accepted, problem: .record(reason), acceptedBeyond: beyond)
    }
  }
}

/// A log on a disk in memory, committed by the test, and a route on it, stepped by the test.
struct Bench {
  let disk = FaultyDisk()
  let time = ManualTime()
  let handler = FakeHandler()
  let log: Log
  var configuration = RouteConfiguration(
    name: "siren", topics: ["+/alarm", "#"], handler: .exec(ExecConfiguration(command: ["x"])))

  init(_ change: (inout LogConfiguration) -> Void = { _ in }) throws {
    var configuration = LogConfiguration(directory: "/data")
    configuration.segmentBytes = 1 << 16
    change(&configuration)
    log = try Log.open(configuration, disk: disk, time: time, startsThreads: false)
    self.configuration.retry.attempts = 3
    self.configuration.retry.jitterPercent = 0
  }

  func append(_ topics: [String], payload: String = "1", headers: RecordHeaders = .none) {
    var appender = log.makeAppender()
    for topic in topics {
      appender.append(
        topic: topic.utf8.span.bytes, payload: payload.utf8.span.bytes,
        at: Timestamp(milliseconds: time.wallMilliseconds()), headers: headers)
    }
    appender.flush()
    _ = log.commitStep()
  }

  func makeLoop() throws -> DeliveryLoop {
    try DeliveryLoop(
      configuration, log: log, handler: handler, wakeUp: WakeUp(), stop: StopRequest(), time: time, random: { 0 })
  }

  /// Steps until there is nothing to do for now.
  func run(_ loop: DeliveryLoop) -> DeliveryLoop.Pause {
    for _ in 0..<1000 {
      let pause = loop.step()
      if pause != .none { return pause }
    }
    return .none
  }

  func savedPosition() throws -> Offset { try log.openCursor("route/siren").position }

  func records() throws -> [OwnedRecord] {
    var reader = log.makeReader(at: 0)
    var found: [OwnedRecord] = []
    while let record = try reader.next() { found.append(record.copy) }
    return found
  }
}
