import CLinux
import Glibc

/// A TCP or Unix stream socket that connections are accepted from, without waiting. One owner.
package struct ListeningSocket: ~Copyable, Sendable {
  private let socket: FileDescriptor
  /// As bound: with the port the kernel chose where port 0 was asked for.
  package let address: ListenAddress
  /// The file to remove with the socket; nil for TCP, and where somebody else has made it.
  private let file: LocalSocket.File?

  private init(_ socket: consuming FileDescriptor, _ address: ListenAddress, _ file: LocalSocket.File?) {
    self.socket = socket
    self.address = address
    self.file = file
  }

  /// - Parameters:
  ///   - backlog: connections the kernel keeps until they are accepted.
  ///   - sharesPort: whether other sockets with the same option may listen at the address, too; the kernel then spreads
  ///     connections over them (SO_REUSEPORT).
  package init(_ address: SocketAddress, backlog: Int = 1024, sharesPort: Bool = false) throws(SystemError) {
    let bound = try Socket.makeBound(to: address, SOCK_STREAM, sharesPort: sharesPort)
    let raw = bound.raw
    _ = try retryingInterrupts("listen", "\(address)") { listen(raw, CInt(backlog)) }
    let address = try SocketAddress.bound(to: raw)
    self.init(bound, .network(address), nil)
  }

  /// Throws as `init` would if no socket shared its port: one that does finds no other socket that does in its way, be it
  /// another program's.
  package static func checkIsFree(_ address: SocketAddress) throws(SystemError) {
    _ = try Socket.makeBound(to: address, SOCK_STREAM)
  }

  /// Listens at an address of either kind. The file of a Unix socket is for this user and group (mode 0660); one that nobody
  /// answers at any more is replaced, anything else that is there stays and is `EADDRINUSE`. It is removed with the socket.
  /// - Parameter sharesPort: of TCP alone; there is one Unix socket to a path.
  package init(_ address: ListenAddress, backlog: Int = 1024, sharesPort: Bool = false) throws(SystemError) {
    switch address {
    case .network(let network):
      try self.init(network, backlog: backlog, sharesPort: sharesPort)
    case .local(let path):
      let socket = try LocalSocket.listen(path, mode: 0o660, backlog: backlog)
      self.init(socket, address, LocalSocket.File(path))
    }
  }

  /// Takes over a socket that somebody else has bound and made listen: systemd. No child of ours inherits it from now on.
  /// Its file, if it has one, stays when the socket goes.
  /// - Throws: as `adoptableAddress`; `raw` is closed then if it is a descriptor at all.
  package init(adopting raw: CInt) throws(SystemError) {
    // Before anything that traps on a bad descriptor: the number is somebody else's word.
    guard raw >= 0, fcntl(raw, F_GETFD) >= 0 else { throw SystemError("adopt", "\(raw)", errno: EBADF) }
    let descriptor = FileDescriptor(owning: raw)
    let address = try Self.adoptableAddress(descriptor)
    try descriptor.setNonBlocking()
    self.init(descriptor, address, nil)
  }

  /// Where `descriptor` listens, which no child inherits from now on.
  /// - Throws: `EINVAL` where it is a socket but not a listening stream socket, `EAFNOSUPPORT` where it is neither TCP nor a
  ///   Unix socket with a path, `ENOTSOCK` where it is no socket.
  static func adoptableAddress(_ descriptor: borrowing FileDescriptor) throws(SystemError) -> ListenAddress {
    let raw = descriptor.raw
    _ = try retryingInterrupts("fcntl") { fcntl(raw, F_SETFD, FD_CLOEXEC) }
    guard try Socket.option(raw, SOL_SOCKET, SO_TYPE) == CInt(SOCK_STREAM.rawValue),
      try Socket.option(raw, SOL_SOCKET, SO_ACCEPTCONN) == 1
    else { throw SystemError("adopt", "\(raw)", errno: EINVAL) }
    return try ListenAddress.bound(to: raw)
  }

  deinit {
    file?.remove()
  }

  /// For a poller: readable while connections wait.
  package var descriptor: CInt { socket.raw }

  package enum Accepted: ~Copyable {
    /// Over a Unix socket the peer is `SocketAddress.thisMachine`.
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
    if case .local = address { return .connection(descriptor, .thisMachine) }
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

extension ListenAddress {
  /// The address that `descriptor` is bound to.
  /// - Throws: `EAFNOSUPPORT` where it is neither an IP address nor a path.
  static func bound(to descriptor: CInt) throws(SystemError) -> ListenAddress {
    if let path = try LocalSocket.path(boundTo: descriptor) { return .local(path) }
    return .network(try SocketAddress.bound(to: descriptor))
  }
}
