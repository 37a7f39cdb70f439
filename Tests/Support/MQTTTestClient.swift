import Glibc

/// A plain MQTT 3.1.1 client for tests: blocking, one thread, bytes in the open.
package final class MQTTTestClient {
  private let socket: Int32
  private var received: [UInt8] = []

  /// Connects and waits for a CONNACK that accepts, `milliseconds` at the most.
  package init(port: Int, clientID: String, host: String = "127.0.0.1", milliseconds: Int32 = 10_000) throws {
    socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr(host)
    address.sin_port = UInt16(port).bigEndian
    let status = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard status == 0 else { throw TestFailure("connect to port \(port): \(String(cString: strerror(errno)))") }
    let id = Array(clientID.utf8)
    let body = [0, 4] + Array("MQTT".utf8) + [4, 2, 0, 60] + Self.prefixed(id)
    try send([0x10] + Self.remainingLength(body.count) + body)
    guard let connack = try read(milliseconds: milliseconds), connack == [0x20, 2, 0, 0] else {
      throw TestFailure("no CONNACK that accepts")
    }
  }

  deinit { close(socket) }

  package static func publish(
    topic: String, payload: String, qos: UInt8, identifier: UInt16 = 0, duplicate: Bool = false
  ) -> [UInt8] {
    var body = prefixed(Array(topic.utf8))
    if qos > 0 { body += [UInt8(identifier >> 8), UInt8(identifier & 0xFF)] }
    body += Array(payload.utf8)
    return [0x30 | qos << 1 | (duplicate ? 8 : 0)] + remainingLength(body.count) + body
  }

  package func send(_ bytes: [UInt8]) throws {
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes {
        Glibc.send(socket, $0.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { throw TestFailure("send: \(String(cString: strerror(errno)))") }
      sent += count
    }
  }

  /// The next whole packet; nil when none has come in that time. Throws when the connection is gone.
  package func read(milliseconds: Int32) throws -> [UInt8]? {
    while true {
      if let packet = takePacket() { return packet }
      var poll = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
      guard Glibc.poll(&poll, 1, milliseconds) > 0 else { return nil }
      var buffer = [UInt8](repeating: 0, count: 64 << 10)
      let count = recv(socket, &buffer, buffer.count, 0)
      guard count > 0 else { throw TestFailure("the connection is closed") }
      received += buffer.prefix(count)
    }
  }

  private func takePacket() -> [UInt8]? {
    var length = 0
    var shift = 0
    var position = 1
    while position < received.count {
      let byte = received[position]
      position += 1
      length |= Int(byte & 0x7F) << shift
      shift += 7
      guard byte & 0x80 == 0 else { continue }
      guard received.count >= position + length else { return nil }
      defer { received.removeFirst(position + length) }
      return Array(received[..<(position + length)])
    }
    return nil
  }

  private static func prefixed(_ bytes: [UInt8]) -> [UInt8] {
    [UInt8(bytes.count >> 8), UInt8(bytes.count & 0xFF)] + bytes
  }

  private static func remainingLength(_ count: Int) -> [UInt8] {
    var rest = count
    var bytes: [UInt8] = []
    repeat {
      bytes.append(UInt8(rest & 0x7F) | (rest > 0x7F ? 0x80 : 0))
      rest >>= 7
    } while rest > 0
    return bytes
  }
}
