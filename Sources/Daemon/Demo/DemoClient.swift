import Bytes
import Platform

/// A device's MQTT 3.1.1 connection: publishes, and takes the acknowledgements off the socket. One owner, one thread.
struct DemoClient: ~Copyable {
  private let socket: FileDescriptor
  private var lastIdentifier: UInt16 = 0

  /// Connects and waits for the CONNACK.
  /// - Throws: `ECONNREFUSED` as the errno where the listener does not take the client.
  static func connect(to address: String, clientID: String) throws(SystemError) -> DemoClient {
    let client = DemoClient(try OutgoingSocket.stream(to: address, timeoutSeconds: 5))
    // `MQTT`, level 4, clean session, two minutes of keep-alive: something is sent every few seconds.
    let header = text("MQTT") + [4, 0x02, 0, 120]
    try client.send(0x10, header + text(clientID))
    var answer = [UInt8](repeating: 0, count: 4)
    let result = answer.withUnsafeMutableBytes { client.socket.read(into: $0) }
    guard result == .moved(4), answer[0] == 0x20, answer[3] == 0 else {
      throw SystemError("connect", "\(address) as \(clientID)", errno: refused)
    }
    try client.socket.setNonBlocking()
    return client
  }

  private init(_ socket: consuming FileDescriptor) {
    self.socket = socket
  }

  mutating func publish(_ message: DemoMessage) throws(SystemError) {
    var body = Self.text(message.topic)
    if message.qos > 0 {
      lastIdentifier = lastIdentifier == .max ? 1 : lastIdentifier + 1
      body += [UInt8(lastIdentifier >> 8), UInt8(lastIdentifier & 0xFF)]
    }
    try send(0x30 | message.qos << 1 | (message.retain ? 1 : 0), body + message.payload)
  }

  /// Takes what the listener has sent; the demonstration sends so little that nothing waits for acknowledgements.
  func drain() throws(SystemError) {
    var scratch = [UInt8](repeating: 0, count: 1024)
    while true {
      switch scratch.withUnsafeMutableBytes({ socket.read(into: $0) }) {
      case .moved: continue
      case .wouldBlock: return
      case .endOfStream, .failed: throw Self.closed("read")
      }
    }
  }

  private func send(_ type: UInt8, _ body: [UInt8]) throws(SystemError) {
    var packet = ByteWriter(capacity: body.count + 5)
    packet.append(type)
    packet.append(varUInt: UInt64(body.count))
    packet.append(body)
    // A few hundred bytes into an empty socket buffer: taken whole, or the listener does not read any more.
    guard case .moved(packet.count) = socket.send(packet.bytes) else { throw Self.closed("send") }
  }

  /// With its length in front (MQTT 3.1.1 section 1.5.3).
  private static func text(_ text: String) -> [UInt8] {
    [UInt8(text.utf8.count >> 8), UInt8(text.utf8.count & 0xFF)] + text.utf8
  }

  /// ECONNREFUSED.
  private static let refused: Int32 = 111

  /// ECONNRESET.
  private static func closed(_ call: String) -> SystemError {
    SystemError(call, "a demonstration device's connection", errno: 104)
  }
}
