import Glibc

/// Sleeps on one descriptor and one wake-up, for threads that have no more to watch.
package enum DescriptorWait {
  package struct Ready: Hashable, Sendable {
    package var isReadable = false
    package var isWritable = false
    package var wasWoken = false
  }

  /// - Parameters:
  ///   - descriptor: −1 for none.
  ///   - wakeUp: acknowledged when it is signalled.
  ///   - milliseconds: the longest sleep.
  package static func wait(
    on descriptor: CInt, forWriting: Bool, or wakeUp: WakeUp, milliseconds: Int
  ) -> Ready {
    var polls = (
      pollfd(fd: wakeUp.descriptor, events: Int16(POLLIN), revents: 0),
      pollfd(fd: descriptor, events: Int16(POLLIN) | (forWriting ? Int16(POLLOUT) : 0), revents: 0)
    )
    let count = withUnsafeMutablePointer(to: &polls) {
      $0.withMemoryRebound(to: pollfd.self, capacity: 2) { poll($0, 2, CInt(clamping: milliseconds)) }
    }
    var ready = Ready()
    guard count > 0 else { return ready }
    if polls.0.revents != 0 {
      wakeUp.acknowledge()
      ready.wasWoken = true
    }
    ready.isReadable = polls.1.revents & Int16(POLLIN | POLLERR | POLLHUP | POLLNVAL) != 0
    ready.isWritable = polls.1.revents & Int16(POLLOUT) != 0
    return ready
  }

  /// Whether `descriptor` can be read now.
  package static func isReadable(_ descriptor: CInt) -> Bool {
    var one = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return poll(&one, 1, 0) > 0
  }

  /// Whether both ends of the connection are closed: what has come can still be read, and nothing more will come or go.
  package static func isHungUp(_ descriptor: CInt) -> Bool {
    var one = pollfd(fd: descriptor, events: 0, revents: 0)
    return poll(&one, 1, 0) > 0 && one.revents & Int16(POLLHUP | POLLERR | POLLNVAL) != 0
  }
}
