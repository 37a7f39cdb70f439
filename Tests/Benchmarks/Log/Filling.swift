import Platform
import Storage

/// Appends the telemetry corpus as fast as the log takes it, in batches as a busy gateway has them.
struct Filling: ~Copyable {
  /// Messages in a batch: what arrives during one sync when some ten thousand come in a second.
  static let turnMessages = 64
  private static let producers = 8

  private let log: Log
  private let wakeUp: WakeUp
  private var appenders: [AppenderBox] = []
  private var corpus = TelemetryCorpus()
  private(set) var messages = 0
  /// Of topics and payloads.
  private(set) var rawBytes = 0

  init(_ log: Log) throws {
    self.log = log
    wakeUp = try WakeUp()
    // By turns, since a producer adds to its own batch for as long as the commit has not taken it.
    for _ in 0..<Self.producers { appenders.append(AppenderBox(log.makeAppender(wakeUp: wakeUp))) }
  }

  /// Appends `count` messages and hands them over as a batch of their own.
  mutating func turn(_ count: Int = turnMessages) throws {
    let box = appenders[messages / Self.turnMessages % Self.producers]
    while !box.appender.hasRoom {
      try check()
      _ = wakeUp.wait(milliseconds: 1000)
    }
    var bytes = 0
    for _ in 0..<count {
      corpus.next { topic, payload, time in
        box.appender.append(topic: topic, payload: payload, at: time)
        bytes += topic.byteCount + payload.byteCount
      }
    }
    box.appender.flush()
    messages += count
    rawBytes += bytes
  }

  /// Returns when everything is durable.
  mutating func finish() throws {
    for box in appenders { try box.appender.flushAndWait() }
    try check()
  }

  private func check() throws {
    if let failure = log.failure { throw failure }
    try Interruption.check()
  }
}

/// An array cannot hold what cannot be copied.
private final class AppenderBox {
  var appender: Appender

  init(_ appender: consuming Appender) {
    self.appender = appender
  }
}
