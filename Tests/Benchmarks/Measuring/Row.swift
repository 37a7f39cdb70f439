/// One figure, what it is compared with, and what it should be.
struct Row: Sendable {
  let name: String
  /// With its unit.
  let measured: String
  /// What the reference came to, with its unit; nil where the figure stands for itself.
  var reference: String?
  /// What is held against the target: ratios to the reference, or the figure itself. One value a round.
  let judged: Samples
  var target: Target?
  /// Of `judged` and `target`; empty for ratios.
  var unit = ""

  enum Target: Hashable, Sendable, CustomStringConvertible {
    case atLeast(Double)
    case atMost(Double)

    var description: String {
      switch self {
      case .atLeast(let limit): ">= \(limit.short)"
      case .atMost(let limit): "<= \(limit.short)"
      }
    }
  }

  /// Whether the median meets the target; nil where there is none.
  var isMet: Bool? {
    switch target {
    case .atLeast(let limit): judged.median >= limit
    case .atMost(let limit): judged.median <= limit
    case nil: nil
    }
  }
}
