import Records

/// Messages that are missing and not yet said to be.
struct GapCount {
  private let reason: GapRecord.Reason
  private var count = 0
  private var lastReport: Int64?

  private static let intervalNanoseconds: Int64 = 1_000_000_000

  init(_ reason: GapRecord.Reason) {
    self.reason = reason
  }

  mutating func add(_ missing: Int) {
    count += missing
  }

  mutating func take(now: Int64, _ isLast: Bool) -> (GapRecord.Reason, Int)? {
    guard count > 0 else { return nil }
    if let lastReport, !isLast, now - lastReport < Self.intervalNanoseconds { return nil }
    lastReport = now
    defer { count = 0 }
    return (reason, count)
  }
}
