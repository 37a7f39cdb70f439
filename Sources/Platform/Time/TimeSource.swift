import Glibc

/// The two clocks. Two conformers: `SystemTime`, and the tests' `ManualTime`. Any thread.
package protocol TimeSource: Sendable {
  /// Milliseconds since 1970 by the wall clock, which may jump: for timestamps of records, never for waiting.
  func wallMilliseconds() -> Int64
  /// Nanoseconds since some fixed point, which never jump: for waiting and measuring.
  func monotonicNanoseconds() -> Int64
  /// Has the calling thread sleep. In tests, time that passes at once.
  func sleep(milliseconds: Int)
}

package struct SystemTime: TimeSource {
  package init() {}

  package func wallMilliseconds() -> Int64 {
    let now = Self.read(CLOCK_REALTIME)
    return Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000
  }

  package func monotonicNanoseconds() -> Int64 {
    let now = Self.read(CLOCK_MONOTONIC)
    return Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec)
  }

  package func sleep(milliseconds: Int) {
    usleep(UInt32(clamping: milliseconds * 1000))
  }

  private static func read(_ clock: clockid_t) -> timespec {
    var now = timespec()
    clock_gettime(clock, &now)
    return now
  }
}
