/// A token bucket over the bytes that go to the far side: so many a second, with a burst of a second. What is sent beyond
/// it is a debt, and nothing more is sent until it is paid. One owner, one thread; times are monotonic nanoseconds.
package struct Bandwidth {
  let bytesPerSecond: Int
  /// Negative: a debt.
  private var tokens: Double
  private var filledAt: Int64

  package init(bytesPerSecond: Int, now: Int64) {
    self.bytesPerSecond = bytesPerSecond
    tokens = Double(bytesPerSecond)
    filledAt = now
  }

  package mutating func take(_ bytes: Int) { tokens -= Double(bytes) }

  /// Nothing may be sent now.
  package mutating func isExhausted(_ now: Int64) -> Bool {
    tokens = min(Double(bytesPerSecond), tokens + Double(now - filledAt) / 1e9 * Double(bytesPerSecond))
    filledAt = now
    return tokens <= 0
  }

  /// Until something may be sent, at most half a second.
  package mutating func millisecondsToWait(_ now: Int64) -> Int {
    guard isExhausted(now) else { return 500 }
    return min(500, Int(-tokens / Double(bytesPerSecond) * 1000) + 1)
  }
}
