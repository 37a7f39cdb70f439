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
    guard let target = SocketAddress(address) else { throw SystemError("connect", address, errno: EADDRNOTAVAIL) }
    let raw = try retryingInterrupts("socket", address) {
      socket(target.isIPv6 ? AF_INET6 : AF_INET, kind | CInt(SOCK_CLOEXEC.rawValue), 0)
    }
    let descriptor = FileDescriptor(owning: raw)
    // The send limit holds for connect(2), too (socket(7)).
    var timeout = timeval(tv_sec: timeoutSeconds, tv_usec: 0)
    let size = socklen_t(MemoryLayout<timeval>.size)
    setsockopt(raw, SOL_SOCKET, SO_SNDTIMEO, &timeout, size)
    setsockopt(raw, SOL_SOCKET, SO_RCVTIMEO, &timeout, size)
    guard target.withSockaddr({ Glibc.connect(raw, $0, $1) }) == 0 else { throw SystemError("connect", address) }
    return descriptor
  }
}
