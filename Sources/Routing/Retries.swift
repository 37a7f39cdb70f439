import Bytes
package import Records

/// Decides what happens after each delivery: go on, try again later, or give the record up. Does nothing itself: no
/// clock, no log.
package struct Retries: Hashable, Sendable {
  private let policy: RetryPolicy
  /// The record that failed last, and how often in a row.
  package private(set) var offset: Offset = -1
  package private(set) var attempts = 0
  private var handlerFailures = 0

  package enum Verdict: Hashable, Sendable {
    case goOn
    case tryAgain(afterMilliseconds: Int)
    /// The record becomes a dead letter.
    case giveUp(reason: String, attempts: Int)
    case stop
  }

  package init(_ policy: RetryPolicy) {
    self.policy = policy
  }

  /// Whether the last delivery failed for what the handler is to blame for.
  package var isHandlerFailing: Bool { handlerFailures > 0 }

  /// Whether the record at `offset` has failed before: it is then delivered alone, so that nothing behind it is
  /// delivered again and again with it.
  package func isTrying(_ offset: Offset) -> Bool {
    attempts > 0 && self.offset == offset
  }

  /// Takes what became of a delivery.
  /// - Parameters:
  ///   - offset: of the first record that was not accepted; any where all were.
  ///   - random: 64 random bits for the jitter.
  package mutating func judge(_ outcome: DeliveryOutcome, at offset: Offset, random: UInt64) -> Verdict {
    if outcome.accepted > 0 {
      handlerFailures = 0
      attempts = 0
    }
    switch outcome.problem {
    case nil:
      return .goOn
    case .record(let reason):
      handlerFailures = 0
      attempts = isTrying(offset) ? attempts + 1 : 1
      self.offset = offset
      // The attempts stay known: a stop may come before the dead letter is on disk.
      guard attempts < policy.attempts else { return .giveUp(reason: reason, attempts: attempts) }
      return .tryAgain(afterMilliseconds: policy.delayMilliseconds(afterFailures: attempts, random: random))
    case .handler:
      handlerFailures += 1
      return .tryAgain(afterMilliseconds: policy.delayMilliseconds(afterFailures: handlerFailures, random: random))
    case .interrupted:
      return .stop
    }
  }
}

// What a restart must know, kept in the note of the route's cursor: version 1, attempts (2 bytes), offset (8 bytes).
extension Retries {
  private static let noteVersion: UInt8 = 1

  /// Empty where no record is being tried again.
  package var note: [UInt8] {
    guard attempts > 0 else { return [] }
    var writer = ByteWriter(capacity: 16)
    writer.append(Self.noteVersion)
    writer.append(UInt16(clamping: attempts))
    writer.append(offset)
    return writer.array
  }

  /// Goes on from `note`; one that is damaged or from another version counts as none.
  package init(_ policy: RetryPolicy, note: [UInt8]) {
    self.init(policy)
    var reader = ByteReader(note.span.bytes)
    guard reader.uint8() == Self.noteVersion, let attempts = reader.uint16(), let offset = reader.int64(),
      reader.isAtEnd
    else { return }
    self.attempts = Int(attempts)
    self.offset = offset
  }
}
