import CLinux
import Glibc
import Synchronization

/// Wakes one sleeping loop from any thread: an eventfd that costs a system call only when the sleeper may be asleep.
///
/// The sleeper polls `descriptor`, calls `acknowledge()` when it is readable, and only then looks at what it was woken
/// for: a signal that comes after is then never lost.
package final class WakeUp: Sendable {
  private let eventFD: FileDescriptor
  private let isSignalled = Atomic(false)

  package init() throws(SystemError) {
    eventFD = FileDescriptor(owning: try retryingInterrupts("eventfd") { linux_eventfd() })
  }

  /// For a poller: readable after `signal()`.
  package var descriptor: CInt { eventFD.raw }

  package func signal() {
    guard !isSignalled.exchange(true, ordering: .sequentiallyConsistent) else { return }
    var one: UInt64 = 1
    _ = write(eventFD.raw, &one, 8)
  }

  package func acknowledge() {
    var count: UInt64 = 0
    _ = read(eventFD.raw, &count, 8)
    isSignalled.store(false, ordering: .sequentiallyConsistent)
  }

  /// Sleeps until a signal, which is acknowledged, or for `milliseconds` (negative: without end). Whether there was one.
  package func wait(milliseconds: Int) -> Bool {
    var poll = pollfd(fd: eventFD.raw, events: Int16(POLLIN), revents: 0)
    guard Glibc.poll(&poll, 1, CInt(clamping: milliseconds)) > 0 else { return false }
    acknowledge()
    return true
  }
}
