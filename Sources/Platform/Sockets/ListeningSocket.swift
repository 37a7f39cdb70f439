import CLinux
import Glibc

/// A TCP socket that connections are accepted from, without waiting. One owner.
package struct ListeningSocket: ~Copyable, Sendable {
  private let socket: FileDescriptor
  /// As bound: with the port the kernel chose where port 0 was asked for.
  package let address: SocketAddress

  /// - Parameter backlog: connections the kernel keeps until they are accepted.
  package init(_ address: SocketAddress, backlog: Int = 1024) throws(SystemError) {
    let bound = try Socket.makeBound(to: address, SOCK_STREAM)
    let raw = bound.raw
    _ = try retryingInterrupts("listen", "\(address)") { listen(raw, CInt(backlog)) }
    self.address = try SocketAddress.bound(to: raw)
    socket = bound
  }

  /// For a poller: readable while connections wait.
  package var descriptor: CInt { socket.raw }

  package enum Accepted: ~Copyable {
    case connection(FileDescriptor, SocketAddress)
    /// None waits.
    case none
    /// The connection went away before it was accepted; there may be others.
    case lost
    /// No descriptor or memory is left for it. It keeps waiting.
    case exhausted(SystemError)
  }

  /// The next connection that waits: it does not block, does not delay small packets, and finds out about peers that
  /// are gone.
  package borrowing func accept() -> Accepted {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    var peer: SocketAddress?
    let raw = withUnsafeMutablePointer(to: &storage) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        let raw = linux_accept(socket.raw, address, &length)
        if raw >= 0 { peer = SocketAddress(address) }
        return raw
      }
    }
    guard raw >= 0 else { return Self.outcome(of: errno) }
    let descriptor = FileDescriptor(owning: raw)
    guard let peer else { return .lost }
    // Both fail only on a connection that is gone, which the first read tells.
    try? Socket.setOption(raw, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
    try? Socket.setOption(raw, SOL_SOCKET, SO_KEEPALIVE, 1)
    return .connection(descriptor, peer)
  }

  private static func outcome(of code: CInt) -> Accepted {
    switch code {
    case EAGAIN: return .none
    case EMFILE, ENFILE, ENOBUFS, ENOMEM: return .exhausted(SystemError("accept", errno: code))
    default:
      precondition(code != EBADF && code != EFAULT && code != EINVAL, "accept: programmer error")
      return .lost
    }
  }
}
