import Synchronization

/// The last minute of samples, one a second: two of them give a rate. Any thread.
package final class StatusHistory: Sendable {
  private let ring = Mutex<[StatusSample]>([])

  /// Samples and one more, so that a whole minute lies between the first and the last.
  private static let capacity = 61
  private static let interval: Int64 = 1_000_000_000
  /// Whoever samples once a second does so a little early now and then.
  private static let slack: Int64 = 100_000_000

  package init() {}

  /// Keeps what `sample` gives, unless there is one of the last second already.
  /// - Parameter now: monotonic nanoseconds, here and below.
  package func record(now: Int64, _ sample: (Int64) -> StatusSample) {
    ring.withLock { ring in
      if let last = ring.last, now - last.at < Self.interval - Self.slack { return }
      if ring.count == Self.capacity { ring.removeFirst() }
      ring.append(sample(now))
    }
  }

  /// How fast everything has moved up to `newest`, over `seconds` or for as long as there are samples; nil before the
  /// first second is over.
  package func rates(upTo newest: StatusSample, seconds: Int) -> StatusRates? {
    let window = Int64(seconds) * Self.interval + Self.slack
    let oldest = ring.withLock { $0.first { newest.at - $0.at <= window } }
    guard let oldest, newest.at - oldest.at >= Self.interval - Self.slack else { return nil }
    return StatusRates(from: oldest, to: newest)
  }
}
