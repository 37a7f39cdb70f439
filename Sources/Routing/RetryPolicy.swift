/// How often and when a record is tried again that a handler has not taken.
package struct RetryPolicy: Hashable, Sendable {
  /// After this many failed attempts the record becomes a dead letter. With the default delays that is after more than
  /// a minute and a half: a handler that fails for a minute loses nothing. `retry.attempts`
  package var attempts = 8
  /// The delay after the first failure; each further failure doubles it.
  package var firstMilliseconds = 1000
  /// No delay is longer, apart from the jitter.
  package var longestMilliseconds = 60_000
  /// Each delay is up to this much shorter or longer, so that what failed together does not come back together.
  package var jitterPercent = 20

  package init() {}

  /// The delay after failure number `failures` (from 1).
  /// - Parameter random: 64 random bits.
  package func delayMilliseconds(afterFailures failures: Int, random: UInt64) -> Int {
    let doublings = min(max(failures - 1, 0), 32)
    let (doubled, overflow) = firstMilliseconds.multipliedReportingOverflow(by: 1 << doublings)
    let delay = overflow ? longestMilliseconds : min(doubled, longestMilliseconds)
    let spread = delay * jitterPercent / 100
    guard spread > 0 else { return delay }
    return delay - spread + Int(random % UInt64(2 * spread + 1))
  }
}
