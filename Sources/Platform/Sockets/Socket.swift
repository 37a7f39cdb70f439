import CLinux
import Glibc

/// What all sockets have in common.
enum Socket {
  /// A bound socket that does not wait. An IPv6 socket serves IPv6 alone, so that both families can be listed side by side.
  /// - Parameter sharesPort: whether others of this user's may be bound to the same port (SO_REUSEPORT).
  static func makeBound(
    to address: SocketAddress, _ type: __socket_type, sharesPort: Bool = false
  ) throws(SystemError) -> FileDescriptor {
    let family = address.isIPv6 ? AF_INET6 : AF_INET
    let raw = try retryingInterrupts("socket") {
      socket(family, Int32(type.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
    }
    let descriptor = FileDescriptor(owning: raw)
    if type == SOCK_STREAM { try setOption(raw, SOL_SOCKET, SO_REUSEADDR, 1) }
    if sharesPort { try setOption(raw, SOL_SOCKET, SO_REUSEPORT, 1) }
    if address.isIPv6 { try setOption(raw, Int32(IPPROTO_IPV6), IPV6_V6ONLY, 1) }
    let result = address.withSockaddr { Glibc.bind(raw, $0, $1) }
    guard result == 0 else { throw SystemError("bind", "\(address)") }
    return descriptor
  }

  static func setOption(_ raw: CInt, _ level: CInt, _ name: CInt, _ value: CInt) throws(SystemError) {
    var value = value
    _ = try retryingInterrupts("setsockopt") {
      setsockopt(raw, level, name, &value, socklen_t(MemoryLayout<CInt>.size))
    }
  }

  static func option(_ raw: CInt, _ level: CInt, _ name: CInt) throws(SystemError) -> CInt {
    var value: CInt = 0
    var length = socklen_t(MemoryLayout<CInt>.size)
    _ = try retryingInterrupts("getsockopt") { getsockopt(raw, level, name, &value, &length) }
    return value
  }
}
