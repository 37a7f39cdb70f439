import CLinux
import Glibc

/// An IP address and a port, of either family; or this machine, where a peer has no address.
package struct SocketAddress: Hashable, Sendable, CustomStringConvertible {
  /// Network byte order, the first byte highest; an IPv4 address is in its IPv6-mapped form, `::ffff:a.b.c.d`.
  private let high: UInt64
  private let low: UInt64
  private let scope: UInt32
  package let port: UInt16
  /// False for an IPv4 address that came over an IPv6 socket, too.
  package let isIPv6: Bool
  /// Whether it stands for a peer on a Unix socket.
  private let isLocal: Bool

  /// A peer on a Unix socket: a program on this machine, with neither address nor port.
  package static let thisMachine = SocketAddress(high: 0, low: 0, scope: 0, port: 0, isIPv6: false, isLocal: true)

  private static let mappedPrefix: UInt64 = 0x0000_FFFF_0000_0000

  /// Nil for a family that is neither IPv4 nor IPv6.
  init?(_ address: UnsafePointer<sockaddr>) {
    isLocal = false
    switch Int32(address.pointee.sa_family) {
    case AF_INET:
      let bytes = UnsafeRawPointer(address).loadUnaligned(as: sockaddr_in.self)
      high = 0
      low = Self.mappedPrefix | UInt64(UInt32(bigEndian: bytes.sin_addr.s_addr))
      scope = 0
      port = UInt16(bigEndian: bytes.sin_port)
      isIPv6 = false
    case AF_INET6:
      let bytes = UnsafeRawPointer(address).loadUnaligned(as: sockaddr_in6.self)
      (high, low) = withUnsafeBytes(of: bytes.sin6_addr) {
        (
          UInt64(bigEndian: $0.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
          UInt64(bigEndian: $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        )
      }
      scope = bytes.sin6_scope_id
      port = UInt16(bigEndian: bytes.sin6_port)
      isIPv6 = !Self.isMapped(high, low)
    default:
      return nil
    }
  }

  private static func isMapped(_ high: UInt64, _ low: UInt64) -> Bool {
    high == 0 && low & 0xFFFF_FFFF_0000_0000 == mappedPrefix
  }

  /// Whether it is the machine itself: 127.0.0.0/8, ::1 or `thisMachine`.
  package var isLoopback: Bool {
    isLocal ? true : isIPv6 ? high == 0 && low == 1 : (low >> 24) & 0xFF == 127
  }

  /// The address alone: `10.0.0.7`, `fe80::1%2`; `local` for `thisMachine`.
  package var host: String {
    if isLocal { return "local" }
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    if isIPv6 {
      var address = in6_addr()
      withUnsafeMutableBytes(of: &address) {
        $0.storeBytes(of: high.bigEndian, toByteOffset: 0, as: UInt64.self)
        $0.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
      }
      inet_ntop(AF_INET6, &address, &text, socklen_t(text.count))
    } else {
      var address = in_addr(s_addr: UInt32(truncatingIfNeeded: low).bigEndian)
      inet_ntop(AF_INET, &address, &text, socklen_t(text.count))
    }
    let host = text.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    return scope == 0 ? host : "\(host)%\(scope)"
  }

  /// `10.0.0.7:1883`, `[::1]:1883`; `local` for `thisMachine`.
  package var description: String { isLocal ? host : isIPv6 ? "[\(host)]:\(port)" : "\(host):\(port)" }

  /// The same address with port 0.
  package var withoutPort: SocketAddress {
    SocketAddress(high: high, low: low, scope: scope, port: 0, isIPv6: isIPv6, isLocal: isLocal)
  }

  /// Whose address it is, for limits: an IPv4 address by itself, of an IPv6 address the first 64 bits, all behind which are
  /// one subscriber's to choose. Port 0.
  package var network: SocketAddress {
    SocketAddress(high: high, low: isIPv6 ? 0 : low, scope: scope, port: 0, isIPv6: isIPv6, isLocal: isLocal)
  }

  private init(high: UInt64, low: UInt64, scope: UInt32, port: UInt16, isIPv6: Bool, isLocal: Bool) {
    self.high = high
    self.low = low
    self.scope = scope
    self.port = port
    self.isIPv6 = isIPv6
    self.isLocal = isLocal
  }
}

// Reading addresses.
extension SocketAddress {
  /// `0.0.0.0:1883`, `[::]:1883`, `localhost:0`. Names are looked up, of several addresses the first is taken.
  /// Nil where it is not of that form or the name is not known.
  package init?(_ text: String) {
    guard let first = Self.all(text).first else { return nil }
    self = first
  }

  /// Every address that a name stands for, in the order to try them in. Empty where the text is not of that form or the name
  /// is not known.
  package static func all(_ text: String) -> [SocketAddress] {
    guard let (host, port) = split(text) else { return [] }
    var hints = addrinfo()
    hints.ai_flags = AI_NUMERICSERV
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var found: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(host, port, &hints, &found) == 0, let first = found else { return [] }
    defer { freeaddrinfo(first) }
    return sequence(first: first, next: { $0.pointee.ai_next }).compactMap {
      SocketAddress(UnsafePointer($0.pointee.ai_addr))
    }
  }

  private static func split(_ text: String) -> (host: String, port: String)? {
    guard let colon = text.lastIndex(of: ":") else { return nil }
    var host = text[..<colon]
    let port = text[text.index(after: colon)...]
    guard UInt16(port) != nil, !host.isEmpty else { return nil }
    if host.first == "[" {
      guard host.last == "]" else { return nil }
      host = host.dropFirst().dropLast()
    } else if host.contains(":") {
      return nil
    }
    return (String(host), String(port))
  }

  /// Lends the address in the kernel's form.
  func withSockaddr<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
    if isIPv6 {
      var address = sockaddr_in6()
      address.sin6_family = sa_family_t(AF_INET6)
      address.sin6_port = port.bigEndian
      address.sin6_scope_id = scope
      withUnsafeMutableBytes(of: &address.sin6_addr) {
        $0.storeBytes(of: high.bigEndian, toByteOffset: 0, as: UInt64.self)
        $0.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
      }
      return Self.lend(&address, body)
    }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(truncatingIfNeeded: low).bigEndian
    return Self.lend(&address, body)
  }

  private static func lend<Address, Result>(
    _ address: inout Address, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
  ) -> Result {
    withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<Address>.size)) }
    }
  }

  /// The address that `descriptor` is bound to.
  static func bound(to descriptor: CInt) throws(SystemError) -> SocketAddress {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let address = withUnsafeMutablePointer(to: &storage) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        getsockname(descriptor, address, &length) == 0 ? SocketAddress(address) : nil
      }
    }
    guard let address else { throw SystemError("getsockname", errno: EAFNOSUPPORT) }
    return address
  }
}
