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
    guard let colon = address.lastIndex(of: ":") else { throw SystemError("connect", address, errno: EINVAL) }
    let host = address[..<colon].filter { $0 != "[" && $0 != "]" }
    let port = String(address[address.index(after: colon)...])
    var hints = addrinfo()
    hints.ai_socktype = kind
    var found: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(host, port, &hints, &found) == 0, let first = found else {
      throw SystemError("getaddrinfo", address, errno: EADDRNOTAVAIL)
    }
    defer { freeaddrinfo(found) }
    let raw = try retryingInterrupts("socket", address) {
      socket(first.pointee.ai_family, kind | CInt(SOCK_CLOEXEC.rawValue), 0)
    }
    let descriptor = FileDescriptor(owning: raw)
    // The send limit holds for connect(2), too (socket(7)).
    var timeout = timeval(tv_sec: timeoutSeconds, tv_usec: 0)
    let size = socklen_t(MemoryLayout<timeval>.size)
    setsockopt(raw, SOL_SOCKET, SO_SNDTIMEO, &timeout, size)
    setsockopt(raw, SOL_SOCKET, SO_RCVTIMEO, &timeout, size)
    _ = try retryingInterrupts("connect", address) {
      Glibc.connect(raw, first.pointee.ai_addr, first.pointee.ai_addrlen)
    }
    return descriptor
  }
}
