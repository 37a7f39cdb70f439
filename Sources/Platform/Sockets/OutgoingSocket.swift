import CLinux
import Glibc

/// Connected sockets of a client's: reads and writes on them wait, within limits.
package enum OutgoingSocket {
  /// A TCP connection to `HOST:PORT` or `[IPV6]:PORT`. Connecting, and each read and write, takes at most
  /// `timeoutSeconds`.
  package static func stream(to address: String, timeoutSeconds: Int) throws(SystemError) -> FileDescriptor {
    try connect(address, CInt(SOCK_STREAM.rawValue), timeoutSeconds)
  }

  /// A UDP socket whose datagrams go to `HOST:PORT` or `[IPV6]:PORT`.
  package static func datagram(to address: String) throws(SystemError) -> FileDescriptor {
    try connect(address, CInt(SOCK_DGRAM.rawValue), 1)
  }

  private static func connect(
    _ address: String, _ kind: CInt, _ timeoutSeconds: Int
  ) throws(SystemError) -> FileDescriptor {
    // A name may stand for addresses of both families, of which the server listens at one.
    let targets = SocketAddress.all(address)
    guard let last = targets.last else { throw SystemError("connect", address, errno: EADDRNOTAVAIL) }
    for target in targets.dropLast() {
      do throws(SystemError) {
        return try connect(to: target, address, kind, timeoutSeconds)
      } catch {
        continue
      }
    }
    return try connect(to: last, address, kind, timeoutSeconds)
  }

  private static func connect(
    to target: SocketAddress, _ address: String, _ kind: CInt, _ timeoutSeconds: Int
  ) throws(SystemError) -> FileDescriptor {
    let raw = try retryingInterrupts("socket", address) {
      socket(target.isIPv6 ? AF_INET6 : AF_INET, kind | CInt(SOCK_CLOEXEC.rawValue), 0)
    }
    let descriptor = FileDescriptor(owning: raw)
    // The send limit holds for connect(2), too (socket(7)).
    var timeout = timeval(tv_sec: timeoutSeconds, tv_usec: 0)
    let size = socklen_t(MemoryLayout<timeval>.size)
    setsockopt(raw, SOL_SOCKET, SO_SNDTIMEO, &timeout, size)
    setsockopt(raw, SOL_SOCKET, SO_RCVTIMEO, &timeout, size)
    guard target.withSockaddr({ Glibc.connect(raw, $0, $1) }) == 0 else {
      // So the kernel says that the limit is reached.
      throw SystemError("connect", address, errno: errno == EINPROGRESS ? ETIMEDOUT : errno)
    }
    return descriptor
  }

  /// For a connection that is to last: small writes go at once, and a far side that is gone without a word is noticed, after
  /// `deadSeconds` where something is on its way and after about two minutes where nothing is.
  package static func setLasting(_ socket: borrowing FileDescriptor, deadSeconds: CInt) throws(SystemError) {
    try Socket.setOption(socket.raw, CInt(IPPROTO_TCP), TCP_NODELAY, 1)
    try Socket.setOption(socket.raw, CInt(IPPROTO_TCP), TCP_USER_TIMEOUT, deadSeconds * 1000)
    try Socket.setOption(socket.raw, SOL_SOCKET, SO_KEEPALIVE, 1)
    try Socket.setOption(socket.raw, CInt(IPPROTO_TCP), TCP_KEEPIDLE, 90)
    try Socket.setOption(socket.raw, CInt(IPPROTO_TCP), TCP_KEEPINTVL, 10)
    try Socket.setOption(socket.raw, CInt(IPPROTO_TCP), TCP_KEEPCNT, 3)
    setPrompt(socket.raw)
  }

  /// Has what was lost on the way sent again every second at least: without it a line that is back after half a minute waits
  /// for half a minute more. Kernels before 6.15 do not know of it, and wait.
  package static func setPrompt(_ socket: CInt) {
    // TCP_RTO_MAX_MS, which the C library has no name for.
    try? Socket.setOption(socket, CInt(IPPROTO_TCP), 44, 1000)
  }

  /// Bytes handed to a connection that the far side's machine has not acknowledged.
  package static func unacknowledgedBytes(of socket: CInt) -> Int {
    var count: CInt = 0
    return ioctl(socket, UInt(TIOCOUTQ), &count) == 0 ? Int(count) : 0
  }
}
