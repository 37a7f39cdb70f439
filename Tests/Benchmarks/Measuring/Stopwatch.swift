import Glibc

/// Time that passes, and processor time that the calling thread takes.
struct Stopwatch {
  private let start = Stopwatch.read(CLOCK_MONOTONIC)
  private let processStart = Stopwatch.read(CLOCK_PROCESS_CPUTIME_ID)
  private let processorStart = Stopwatch.read(CLOCK_THREAD_CPUTIME_ID)

  var seconds: Double { Double(Self.read(CLOCK_MONOTONIC) - start) / 1e9 }

  /// Of this thread alone, which must be the one that made the stopwatch.
  var processorSeconds: Double { Double(Self.read(CLOCK_THREAD_CPUTIME_ID) - processorStart) / 1e9 }

  /// Processor time of all threads of the process.
  var processSeconds: Double { Double(Self.read(CLOCK_PROCESS_CPUTIME_ID) - processStart) / 1e9 }

  private static func read(_ clock: clockid_t) -> Int64 {
    var now = timespec()
    clock_gettime(clock, &now)
    return Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec)
  }
}
