/// Which limit the oldest segments go for, or the log refuses for.
package enum RetentionReason: String, Hashable, Sendable, CaseIterable {
  /// The log has come to `log.maxBytes`.
  case maxBytes
  /// The newest record of the segment is older than `log.maxAge`.
  case maxAge
  /// Less than `log.keepFree` is free on the file system of the log.
  case keepFree
  /// The file system, or the log's share of it, has no room left.
  case diskFull
}

/// What the log does at a limit with records that some consumer has not got. `log.whenFull`
package enum WhenFull: String, Hashable, Sendable {
  /// The oldest go, which is counted and said in the log.
  case dropOldest
  /// They stay, and nothing more is taken until there is room.
  case refuse
}

/// What of a file system the log leaves to others. `log.keepFree`
package enum KeepFree: Hashable, Sendable {
  case bytes(Int)
  /// Percent of the file system, `largestShare` at most: five percent of a large disk are more than anybody needs free.
  case percent(Double)

  package static let largestShare = 4 << 30

  package func bytes(ofTotal total: Int) -> Int {
    switch self {
    case .bytes(let bytes): bytes
    case .percent(let percent): min(Int(Double(total) * percent / 100), Self.largestShare)
    }
  }
}
