package import Records

/// One end of a span of time as people write it: a duration back from now (`2h`, `1h30m`, `7d`) or a time (RFC 3339).
package enum TimeBound: Hashable, Sendable {
  case ago(milliseconds: Int64)
  case at(Timestamp)

  /// Nil for text that is neither; `explanation` says what is.
  package init?(_ text: String) {
    if let duration = Self.duration(text) {
      self = .ago(milliseconds: duration)
    } else if let time = Timestamp(rfc3339: text) {
      self = .at(time)
    } else {
      return nil
    }
  }

  /// For error messages and help.
  package static let explanation =
    "a duration back from now (30s, 15m, 2h, 1h30m, 7d, 2w) or a time (2026-11-23, 2026-11-23T07:41Z)"

  package func timestamp(now: Timestamp) -> Timestamp {
    switch self {
    case .ago(let milliseconds): now.advanced(byMilliseconds: -milliseconds)
    case .at(let time): time
    }
  }

  /// Numbers with their units, the largest first, each at most once: `ms`, `s`, `m`, `h`, `d`, `w`. Nil for anything else
  /// and for more than 10,000 years.
  private static func duration(_ text: String) -> Int64? {
    var rest = text.utf8[...]
    var total: Int64 = 0
    var lastUnit = Int64.max
    repeat {
      let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
      rest = rest[digits.endIndex...]
      let letters = rest.prefix { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) }
      rest = rest[letters.endIndex...]
      guard !digits.isEmpty, let number = Int64(String(Substring(digits))),
        let unit = milliseconds(ofUnit: String(Substring(letters))), unit < lastUnit,
        number <= 315_576_000_000_000 / unit
      else { return nil }
      total += number * unit
      lastUnit = unit
    } while !rest.isEmpty
    return total
  }

  private static func milliseconds(ofUnit unit: String) -> Int64? {
    switch unit {
    case "ms": 1
    case "s": 1000
    case "m": 60_000
    case "h": 3_600_000
    case "d": 86_400_000
    case "w": 604_800_000
    default: nil
    }
  }
}
