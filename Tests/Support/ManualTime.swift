import Platform
import Synchronization

/// Clocks that move only when told to; sleeping moves them at once.
package final class ManualTime: TimeSource {
  private let wall: Atomic<Int64>
  private let monotonic: Atomic<Int64>

  package init(wallMilliseconds: Int64 = 1_700_000_000_000) {
    wall = Atomic(wallMilliseconds)
    monotonic = Atomic(1_000_000_000)
  }

  package func wallMilliseconds() -> Int64 { wall.load(ordering: .sequentiallyConsistent) }

  package func monotonicNanoseconds() -> Int64 { monotonic.load(ordering: .sequentiallyConsistent) }

  package func sleep(milliseconds: Int) { advance(milliseconds: milliseconds) }

  package func advance(milliseconds: Int) {
    wall.add(Int64(milliseconds), ordering: .sequentiallyConsistent)
    monotonic.add(Int64(milliseconds) * 1_000_000, ordering: .sequentiallyConsistent)
  }

  /// A step of the wall clock alone, as NTP makes it.
  package func jump(milliseconds: Int64) {
    wall.add(milliseconds, ordering: .sequentiallyConsistent)
  }
}
