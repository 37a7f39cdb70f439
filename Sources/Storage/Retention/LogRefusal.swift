/// Why the log takes nothing at the moment: nothing is acknowledged until it does again, which it does by itself. The
/// description is a sentence and what to do.
package struct LogRefusal: Hashable, Sendable, CustomStringConvertible {
  package let reason: RetentionReason
  package let whenFull: WhenFull
  /// The consumer that is furthest behind; nil where there is none at all.
  package let slowest: String?

  package init(_ reason: RetentionReason, _ whenFull: WhenFull, slowest: String?) {
    self.reason = reason
    self.whenFull = whenFull
    self.slowest = slowest
  }

  package var description: String { "\(state): nothing is acknowledged until there is room; \(remedy)" }

  private var state: String {
    switch reason {
    case .maxBytes, .maxAge: "the log is full (`log.maxBytes`)"
    case .keepFree: "the disk has less free than `log.keepFree`"
    case .diskFull: "the disk is full"
    }
  }

  private var remedy: String {
    let limit = reason == .maxBytes ? "raise `log.maxBytes`" : "make room on it"
    guard whenFull == .refuse else { return limit }
    guard let slowest else {
      return "no route or uplink takes records out of the log: \(limit), or set `log.whenFull` to \"dropOldest\""
    }
    return "\(slowest) is furthest behind: get it going, or \(limit), or set `log.whenFull` to \"dropOldest\""
  }
}
