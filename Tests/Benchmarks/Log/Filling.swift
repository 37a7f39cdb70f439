import Platform
import Storage

/// Appends the telemetry corpus as fast as one thread can, in batches as a busy gateway has them. The log must have been
/// opened without threads: what is a batch and what is sealed is then the same on every machine.
struct Filling: ~Copyable {
  /// Messages in a batch: some milliseconds' worth where ten thousand come in a second.
  private static let batchMessages = 64
  /// Batches in a commit: more than there would be, to save time.
  private static let commitBatches = 16

  private let log: Log
  private var appender: Appender
  private var corpus: TelemetryCorpus
  private(set) var messages = 0
  /// Of topics and payloads.
  private(set) var rawBytes = 0

  init(_ log: Log, _ kind: TelemetryCorpus.Kind = .mixed) {
    self.log = log
    corpus = TelemetryCorpus(kind)
    appender = log.makeAppender()
  }

  /// Appends some messages and makes them durable.
  mutating func step() throws {
    for _ in 0..<Self.commitBatches {
      for _ in 0..<Self.batchMessages {
        corpus.next { topic, payload, time in
          appender.append(topic: topic, payload: payload, at: time)
          rawBytes += topic.byteCount + payload.byteCount
        }
      }
      appender.flush()
    }
    messages += Self.commitBatches * Self.batchMessages
    guard log.commitStep() else { throw BenchmarkError.cannotMeasure("the log failed: \(log.failure, default: "?")") }
    try Interruption.check()
  }
}

extension Log {
  /// Seals every segment but the newest, which is still appended to.
  func sealEverything() throws {
    while sealStep() { try Interruption.check() }
    guard segments.dropLast().allSatisfy(\.isSealed) else {
      throw BenchmarkError.cannotMeasure("the segments could not be sealed; there must be room for a segment more")
    }
  }
}
