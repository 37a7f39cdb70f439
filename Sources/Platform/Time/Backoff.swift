/// How long to wait before the next try: doubled after each failure up to a longest, each spread by ±20 % so that a
/// thousand boxes do not come back in step. One owner, one thread.
package struct Backoff: Sendable {
  private let firstMilliseconds: Int64
  private let longestMilliseconds: Int64
  private var random: @Sendable () -> UInt64

  /// Failures since the last success.
  package private(set) var failures = 0

  /// - Parameter random: where the spread comes from; tests fix it.
  package init(
    firstMilliseconds: Int64 = 1000, longestMilliseconds: Int64 = 60_000,
    random: @escaping @Sendable () -> UInt64 = { Randomness.uint64() }
  ) {
    self.firstMilliseconds = firstMilliseconds
    self.longestMilliseconds = longestMilliseconds
    self.random = random
  }

  /// Notes a failure.
  /// - Returns: how long to wait, in milliseconds.
  package mutating func next() -> Int64 {
    failures += 1
    let doublings = min(failures - 1, 30)
    let plain = min(firstMilliseconds << Int64(doublings), longestMilliseconds)
    // A factor from 0.8 up to 1.2.
    return plain * (800 + Int64(random() % 401)) / 1000
  }

  /// Notes a success: the next wait is the first again.
  package mutating func reset() {
    failures = 0
  }
}
