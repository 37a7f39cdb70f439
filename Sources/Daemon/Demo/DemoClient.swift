import Bytes
import Platform

/// A device's MQTT 3.1.1 connection: publishes, and takes the acknowledgements off the socket. One owner, one thread.
struct DemoClient: ~Copyable {
  private let socket: FileDescriptor
  private var packet = ByteWriter()
  private var body = ByteWriter()
  private var lastIdentifier: UInt16 = 0

  /// Connects and waits for the CONNACK.
  /// - Throws: `ECONNREFUSED` as the errno where the listener does not take the client.
  init(to address: String, clientID: String) throws(SystemError) {
    socket = try OutgoingSocket.stream(to: address, timeoutSeconds: 5)
    body.append(Self.protocolNameAndClean)
    // Keep-alive: two minutes; something is sent every few seconds.
    body.append(UInt16(120))
    appendText(clientID)
    try send(packetType: 0x10)
    var answer = [UInt8](repeating: 0, count: 4)
    let result = answer.withUnsafeMutableBytes { socket.read(into: $0) }
    guard result == .moved(4), answer[0] == 0x20, answer[3] == 0 else {
      throw SystemError("connect", "\(address) as \(clientID)", errno: Self.refused)
    }
    try socket.setNonBlocking()
  }

  /// `MQTT`, level 4, clean session.
  private static let protocolNameAndClean: [UInt8] = [0, 4] + Array("MQTT".utf8) + [4, 0x02]
  /// ECONNREFUSED.
  private static let refused: Int32 = 111

  /// ECONNRESET.
  private static func closed(_ call: String) -> SystemError {
    SystemError(call, "a demonstration device's connection", errno: 104)
  }

  mutating func publish(_ message: DemoMessage) throws(SystemError) {
    appendText(message.topic)
    if message.qos > 0 {
      lastIdentifier = lastIdentifier == .max ? 1 : lastIdentifier + 1
      body.append(lastIdentifier)
    }
    body.append(message.payload)
    try send(packetType: 0x30 | message.qos << 1 | (message.retain ? 1 : 0))
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

  private mutating func appendText(_ text: String) {
    body.append(UInt16(text.utf8.count))
    body.append(text)
  }

  private mutating func send(packetType: UInt8) throws(SystemError) {
    packet.removeAll()
    packet.append(packetType)
    packet.append(varUInt: UInt64(body.count))
    packet.append(body.bytes)
    body.removeAll()
    // A few hundred bytes into an empty socket buffer: taken whole, or the listener does not read any more.
    guard case .moved(packet.count) = socket.send(packet.bytes) else {
      throw Self.closed("send")
    }
  }
}
