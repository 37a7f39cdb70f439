import Platform
import Support

/// Clocks of a simulation. Who sleeps waits for something: `onSleep` lets it happen.
final class SimulatedTime: TimeSource {
  private let clock = ManualTime()
  private let onSleep: @Sendable () -> Void

  init(onSleep: @escaping @Sendable () -> Void = {}) {
    self.onSleep = onSleep
  }

  func wallMilliseconds() -> Int64 { clock.wallMilliseconds() }

  func monotonicNanoseconds() -> Int64 { clock.monotonicNanoseconds() }

  func sleep(milliseconds: Int) {
    clock.advance(milliseconds: milliseconds)
    onSleep()
  }

  func advance(milliseconds: Int) { clock.advance(milliseconds: milliseconds) }

  /// Where the clocks of gateways have been seen to jump: to the start of all time and far beyond the present, a day back.
  func jump(_ random: inout SeededGenerator) {
    let now = wallMilliseconds()
    let targets: [Int64] = [0, 2_085_978_496_000, now - 86_400_000, now + 100_000, 1_700_000_000_000]
    clock.jump(milliseconds: targets[random.below(targets.count)] - now)
  }
}
