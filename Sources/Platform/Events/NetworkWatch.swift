import CLinux

/// Tells when the machine has got another address or route: when the network is back, that is. One owner, one thread.
package struct NetworkWatch: ~Copyable {
  private let socket: FileDescriptor

  package init() throws(SystemError) {
    let raw = linux_netlink_open()
    guard raw >= 0 else { throw SystemError("netlink") }
    socket = FileDescriptor(owning: raw)
  }

  /// Readable when there is news.
  package var descriptor: CInt { socket.raw }

  /// Whether something is new since the last call.
  package func takeNews() -> Bool { linux_netlink_has_news(socket.raw) }
}
