/// What one direction of the line has room for now: a twentieth of a second's worth at once.
struct LinkBudget {
  private(set) var bytes = Int.max
  private var refilledAt: Int64 = 0

  /// - Parameter now: monotonic nanoseconds.
  mutating func refill(_ bytesPerSecond: Int?, _ now: Int64) {
    guard let bytesPerSecond else {
      bytes = .max
      refilledAt = now
      return
    }
    if bytes == .max { bytes = 0 }
    let earned = Int(Double(now - refilledAt) / 1e9 * Double(bytesPerSecond))
    guard earned > 0 else { return }
    bytes = min(bytes + earned, max(1, bytesPerSecond / 20))
    refilledAt = now
  }

  mutating func take(_ count: Int) {
    if bytes != .max { bytes -= count }
  }
}
