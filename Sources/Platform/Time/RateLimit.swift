/// Lets through `burst` events at once and one more every `interval`; counts the others.
/// For log lines that a hostile or broken device can cause. One owner, one thread.
package struct RateLimit: Sendable {
  private let burst: Int
  private let intervalNanoseconds: Int64
  private var tokens: Int
  private var lastRefill: Int64 = 0

  /// Events held back since the last that was let through.
  package private(set) var suppressed = 0

  package init(burst: Int, everyMilliseconds milliseconds: Int64) {
    self.burst = burst
    intervalNanoseconds = milliseconds * 1_000_000
    tokens = burst
  }

  /// Whether one more event may pass at `now` (monotonic nanoseconds).
  package mutating func permits(at now: Int64) -> Bool {
    if tokens == burst { lastRefill = now }
    let refill = (now - lastRefill) / intervalNanoseconds
    if refill > 0 {
      tokens = min(burst, tokens + Int(clamping: refill))
      lastRefill += refill * intervalNanoseconds
    }
    guard tokens > 0 else {
      suppressed += 1
      return false
    }
    tokens -= 1
    return true
  }

  package mutating func takeSuppressed() -> Int {
    defer { suppressed = 0 }
    return suppressed
  }
}
