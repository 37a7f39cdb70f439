import Platform

// What is looked at by the clock, appended to or not.
extension Committer {
  static let lookNanoseconds: Int64 = 60_000_000_000
  static let historyNanoseconds: Int64 = 3_600_000_000_000
  static let dropNanoseconds: Int64 = 5_000_000_000
  private static let retryMilliseconds = 500
  /// With `log.maxAge`, a segment takes records for no longer than this part of it, so that they go in time.
  private static let segmentsPerAge: Int64 = 8

  var millisecondsToSleep: Int {
    if refusal != nil { return Self.retryMilliseconds }
    return Int(max(0, nextLook - state.time.monotonicNanoseconds()) / 1_000_000) + 1
  }

  /// False once the log has failed.
  func lookIfDue() -> Bool {
    let now = state.time.monotonicNanoseconds()
    guard now >= nextLook else { return true }
    nextLook = now + Self.lookNanoseconds
    do throws(SystemError) {
      _ = try keepLimits(demand: 0)
      try rollIfOld()
    } catch {
      fail(error)
      return false
    }
    if now >= nextHistory { saveHistory() }
    publishMetrics()
    return true
  }

  private func rollIfOld() throws(SystemError) {
    guard let maxAge = policy.maxAgeMilliseconds, let writer, writer.position > 0, refusal == nil,
      clock.age(of: history.begun) > maxAge / Self.segmentsPerAge
    else { return }
    do throws(SystemError) {
      try roll(state.configuration.segmentBytes)
    } catch {
      // Not needed so badly that anything would have to go for it.
      guard error.isOutOfSpace else { throw error }
    }
  }

  func observeClock() {
    clock.observe(monotonic: state.time.monotonicNanoseconds(), wall: state.time.wallMilliseconds())
  }

  func measureSpace() -> RetentionPolicy.Space {
    do throws(SystemError) {
      let (free, total) = try state.disk.space(state.directory.segments)
      metrics.freeBytes = free
      return RetentionPolicy.Space(free: free, total: total)
    } catch {
      metrics.freeBytes = nil
      return .unknown
    }
  }
}
