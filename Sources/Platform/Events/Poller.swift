import CLinux
import Glibc

/// Waits for many descriptors at once (epoll, level-triggered). One owner, one thread.
package struct Poller: ~Copyable {
  private let epoll: FileDescriptor
  private let events: UnsafeMutableRawPointer
  private let capacity: Int

  /// What to wait for on a descriptor; errors and hang-ups are always reported, as readable.
  package struct Interest: OptionSet, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }
    package static let readable = Interest(rawValue: UInt32(linux_epoll_in))
    package static let writable = Interest(rawValue: UInt32(linux_epoll_out))
  }

  package struct Event: Sendable {
    /// What the descriptor was added with.
    package let token: UInt64
    package let isReadable: Bool
    package let isWritable: Bool
  }

  /// - Parameter capacity: the most events one `wait` returns.
  package init(capacity: Int = 256) throws(SystemError) {
    epoll = FileDescriptor(owning: try retryingInterrupts("epoll_create") { linux_epoll_create() })
    self.capacity = capacity
    events = .allocate(byteCount: capacity * linux_epoll_event_size(), alignment: 16)
  }

  deinit {
    events.deallocate()
  }

  /// The poller's own descriptor: readable while it has events, so that it can be waited for by another.
  package var descriptor: CInt { epoll.raw }

  package func add(_ descriptor: CInt, _ interest: Interest, token: UInt64) throws(SystemError) {
    _ = try retryingInterrupts("epoll_ctl") { linux_epoll_add(epoll.raw, descriptor, interest.rawValue, token) }
  }

  package func modify(_ descriptor: CInt, _ interest: Interest, token: UInt64) throws(SystemError) {
    _ = try retryingInterrupts("epoll_ctl") { linux_epoll_modify(epoll.raw, descriptor, interest.rawValue, token) }
  }

  package func remove(_ descriptor: CInt) throws(SystemError) {
    _ = try retryingInterrupts("epoll_ctl") { linux_epoll_remove(epoll.raw, descriptor) }
  }

  /// Waits up to `milliseconds` (negative: without end) and returns how many events there are; read them with `event(at:)`.
  /// An interrupting signal is zero events.
  package func wait(milliseconds: Int) throws(SystemError) -> Int {
    let count = linux_epoll_wait(epoll.raw, events, CInt(capacity), CInt(clamping: milliseconds))
    if count >= 0 { return Int(count) }
    if errno == EINTR { return 0 }
    throw SystemError("epoll_wait")
  }

  /// One of the events of the last `wait`.
  package func event(at index: Int) -> Event {
    let flags = linux_epoll_event_flags(events, CInt(index))
    let readable = UInt32(linux_epoll_in | linux_epoll_error | linux_epoll_hang_up)
    return Event(
      token: linux_epoll_event_token(events, CInt(index)), isReadable: flags & readable != 0,
      isWritable: flags & UInt32(linux_epoll_out) != 0)
  }
}
