import Glibc
import Support

/// A client that sends and expects bytes, with a deadline for everything.
final class ScriptedClient {
  private let socket: Int32
  private static let timeoutMilliseconds: Int32 = 10_000

  struct Unexpected: Error, CustomStringConvertible {
    let description: String
  }

  /// - Parameter receiveBufferBytes: 0: as the kernel likes.
  init(_ address: String, receiveBufferBytes: Int32 = 0) throws {
    let isIPv6 = address.first == "["
    let isLocal = address.hasPrefix("unix:")
    socket = Glibc.socket(isLocal ? AF_UNIX : isIPv6 ? AF_INET6 : AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    if receiveBufferBytes > 0 {
      var bytes = receiveBufferBytes
      setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &bytes, socklen_t(MemoryLayout<Int32>.size))
    }
    let port = UInt16(address.split(separator: ":").last!) ?? 0
    let status: Int32
    if isLocal {
      var target = sockaddr_un()
      target.sun_family = sa_family_t(AF_UNIX)
      withUnsafeMutableBytes(of: &target.sun_path) { $0.copyBytes(from: address.utf8.dropFirst(5)) }
      status = Self.connect(socket, &target)
    } else if isIPv6 {
      var target = sockaddr_in6()
      target.sin6_family = sa_family_t(AF_INET6)
      target.sin6_port = port.bigEndian
      target.sin6_addr = in6addr_loopback
      status = Self.connect(socket, &target)
    } else {
      var target = sockaddr_in()
      target.sin_family = sa_family_t(AF_INET)
      target.sin_port = port.bigEndian
      target.sin_addr.s_addr = inet_addr("127.0.0.1")
      status = Self.connect(socket, &target)
    }
    guard status == 0 else { throw Unexpected(description: "connect: \(String(cString: strerror(errno)))") }
  }

  private static func connect<Address>(_ socket: Int32, _ address: inout Address) -> Int32 {
    withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(socket, $0, socklen_t(MemoryLayout<Address>.size))
      }
    }
  }

  /// A client that has connected.
  static func connected(_ address: String, _ clientID: String, receiveBufferBytes: Int32 = 0) throws -> ScriptedClient {
    let client = try ScriptedClient(address, receiveBufferBytes: receiveBufferBytes)
    client.send(MQTTBytes.connect(clientID))
    try client.expect(MQTTBytes.accepted)
    return client
  }

  deinit {
    close(socket)
  }

  /// Has the end of the client be a reset and not an orderly one.
  func resetAtEnd() {
    var option = linger(l_onoff: 1, l_linger: 0)
    setsockopt(socket, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
  }

  /// Sends everything, or as much as the far side takes before it closes the connection.
  func send(_ bytes: [UInt8]) {
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes { Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      guard count > 0 else { return }
      sent += count
    }
  }

  /// Exactly these bytes come next.
  func expect(_ bytes: [UInt8]) throws {
    let received = try receive(bytes.count)
    guard received == bytes else { throw Unexpected(description: "expected \(bytes), got \(received)") }
  }

  /// The next `count` bytes; fewer where the far side closes before.
  func receive(_ count: Int) throws -> [UInt8] {
    var received: [UInt8] = []
    while received.count < count {
      guard wait(Self.timeoutMilliseconds) else {
        throw Unexpected(description: "waited in vain for \(count) bytes, got \(received)")
      }
      guard let bytes = receiveOnce(count - received.count), !bytes.isEmpty else { return received }
      received += bytes
    }
    return received
  }

  /// The connection closes, and nothing but `bytes` comes before.
  func expectClose(after bytes: [UInt8] = []) throws {
    let received = try receive(bytes.count + 1)
    guard received == bytes else { throw Unexpected(description: "expected \(bytes) and the end, got \(received)") }
  }

  /// Nothing has come so far.
  var hasNothing: Bool { !wait(0) }

  /// Nothing comes for a while, not even the end.
  func expectNothing(milliseconds: Int32) throws {
    guard !wait(milliseconds) else { throw Unexpected(description: "expected nothing, got \(try receive(1)) …") }
  }

  /// The next packet, whole.
  func receivePacket() throws -> [UInt8] {
    var packet = try receive(2)
    var length = Int(packet.last! & 0x7F)
    var shift = 7
    while packet.last! & 0x80 != 0 {
      packet += try receive(1)
      length |= Int(packet.last! & 0x7F) << shift
      shift += 7
    }
    return packet + (length > 0 ? try receive(length) : [])
  }

  private func wait(_ milliseconds: Int32) -> Bool {
    var poll = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
    return Glibc.poll(&poll, 1, milliseconds) > 0
  }

  private func receiveOnce(_ limit: Int) -> [UInt8]? {
    var buffer = [UInt8](repeating: 0, count: limit)
    let count = recv(socket, &buffer, limit, 0)
    return count < 0 ? nil : Array(buffer.prefix(count))
  }
}

/// Sends datagrams to a listener on loopback.
final class DatagramSender {
  private let socket = Glibc.socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
  private var target = sockaddr_in()

  init(_ address: String) {
    target.sin_family = sa_family_t(AF_INET)
    target.sin_port = UInt16(address.split(separator: ":").last!)!.bigEndian
    target.sin_addr.s_addr = inet_addr("127.0.0.1")
  }

  deinit {
    close(socket)
  }

  func send(_ bytes: [UInt8]) {
    _ = withUnsafePointer(to: &target) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        sendto(socket, bytes, bytes.count, 0, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }
}
