/// What clients send, as bytes (MQTT 3.1.1).
enum ClientPackets {
  /// A clean session without keep-alive.
  static func connect(_ clientID: String) -> [UInt8] {
    let body: [UInt8] = [0, 4] + Array("MQTT".utf8) + [4, 2, 0, 0] + text(clientID)
    return [0x10] + length(body.count) + body
  }

  /// A subscription at QoS 0.
  static func subscribe(_ filter: String) -> [UInt8] {
    let body: [UInt8] = [0, 1] + text(filter) + [0]
    return [0x82] + length(body.count) + body
  }

  /// A message at QoS 0.
  static func publish(topic: String, payload: [UInt8]) -> [UInt8] {
    let body = text(topic) + payload
    return [0x30] + length(body.count) + body
  }

  /// A message at QoS 1, and where in it the packet identifier goes.
  static func publish(acknowledged topic: String, payload: [UInt8]) -> (bytes: [UInt8], identifierAt: Int) {
    let topic = text(topic)
    let count = length(topic.count + 2 + payload.count)
    return ([0x32] + count + topic + [0, 0] + payload, 1 + count.count + topic.count)
  }

  /// Printable bytes, other ones for each seed.
  static func payload(_ bytes: Int, seed: Int) -> [UInt8] {
    var random = SeededRandom(seed: UInt64(seed))
    return (0..<bytes).map { _ in UInt8.random(in: 32...126, using: &random) }
  }

  private static func text(_ text: String) -> [UInt8] {
    [UInt8(text.utf8.count >> 8), UInt8(text.utf8.count & 0xFF)] + Array(text.utf8)
  }

  private static func length(_ count: Int) -> [UInt8] {
    var rest = count
    var bytes: [UInt8] = []
    repeat {
      bytes.append(UInt8(rest & 0x7F) | (rest > 0x7F ? 0x80 : 0))
      rest >>= 7
    } while rest > 0
    return bytes
  }
}
