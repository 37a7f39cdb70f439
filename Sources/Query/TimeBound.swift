package import Records

/// A point in time as people give it: `2h` (ago), `2026-11-23`, `2026-11-23T07:41:05Z`.
package enum TimeBound {
  /// - Parameter now: what durations count back from.
  /// - Returns: nil where `text` is neither.
  package static func parse(_ text: String, now: Timestamp) -> Timestamp? {
    if let duration = milliseconds(text) { return now.advanced(byMilliseconds: -duration) }
    return Timestamp(rfc3339: text)
  }

  /// What to write, for error messages.
  package static let help =
    "a duration back from now (`30s`, `15m`, `2h`, `1h30m`, `7d`) or a time (`2026-11-23T07:41:05Z`)"

  /// `1h30m` and the like, each unit at most once, the larger first.
  static func milliseconds(_ text: String) -> Int64? {
    let units: [(Character, Int64)] = [
      ("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000),
    ]
    var rest = Substring(text)
    var total: Int64 = 0
    var nextUnit = 0
    guard !rest.isEmpty else { return nil }
    while !rest.isEmpty {
      let digits = rest.prefix { $0.isASCII && $0.isNumber }
      guard let number = Int64(digits), let name = rest.dropFirst(digits.count).first,
        let index = units[nextUnit...].firstIndex(where: { $0.0 == name })
      else { return nil }
      let (product, overflow) = number.multipliedReportingOverflow(by: units[index].1)
      guard !overflow, product < 1 << 50 else { return nil }
      total += product
      nextUnit = index + 1
      rest = rest.dropFirst(digits.count + 1)
    }
    return total
  }
}
