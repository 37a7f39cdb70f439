/// Packets as clients send them and servers answer, byte by byte from the standard: independent of the codec under test.
package enum MQTTBytes {
  package static func packet(_ first: UInt8, _ body: [UInt8]) -> [UInt8] {
    [first] + remainingLength(body.count) + body
  }

  package static func remainingLength(_ count: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    var rest = count
    repeat {
      bytes.append(UInt8(rest % 128) | (rest >= 128 ? 0x80 : 0))
      rest /= 128
    } while rest > 0
    return bytes
  }

  package static func text(_ text: String) -> [UInt8] { binary(Array(text.utf8)) }

  package static func binary(_ bytes: [UInt8]) -> [UInt8] { number(bytes.count) + bytes }

  package static func number(_ value: Int) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 0xFF)] }

  package static func connect(
    _ clientID: String, keepAlive: Int = 60, flags: UInt8 = 0x02, name: String = "MQTT", level: UInt8 = 4,
    rest: [UInt8] = []
  ) -> [UInt8] {
    packet(0x10, text(name) + [level, flags] + number(keepAlive) + text(clientID) + rest)
  }

  package static func publish(
    _ topic: String, _ payload: String, qos: UInt8 = 0, id: Int = 0, retain: Bool = false, duplicate: Bool = false
  ) -> [UInt8] {
    publish(topic, Array(payload.utf8), qos: qos, id: id, retain: retain, duplicate: duplicate)
  }

  package static func publish(
    _ topic: String, _ payload: [UInt8], qos: UInt8 = 0, id: Int = 0, retain: Bool = false, duplicate: Bool = false
  ) -> [UInt8] {
    let flags = qos << 1 | (retain ? 1 : 0) | (duplicate ? 8 : 0)
    return packet(0x30 | flags, text(topic) + (qos > 0 ? number(id) : []) + payload)
  }

  package static func subscribe(_ id: Int, _ filters: (String, UInt8)...) -> [UInt8] {
    packet(0x82, number(id) + filters.flatMap { text($0.0) + [$0.1] })
  }

  package static func unsubscribe(_ id: Int, _ filters: String...) -> [UInt8] {
    packet(0xA2, number(id) + filters.flatMap { text($0) })
  }

  // Version 5.

  /// - Parameters:
  ///   - properties: encoded, without their length.
  ///   - rest: will, user and password.
  package static func connect5(
    _ clientID: String, _ properties: [UInt8] = [], keepAlive: Int = 60, flags: UInt8 = 0x02, rest: [UInt8] = []
  ) -> [UInt8] {
    packet(
      0x10,
      text("MQTT") + [5, flags] + number(keepAlive) + remainingLength(properties.count) + properties + text(clientID)
        + rest)
  }

  package static func publish5(
    _ topic: String, _ payload: String, qos: UInt8 = 0, id: Int = 0, retain: Bool = false, duplicate: Bool = false,
    properties: [UInt8] = []
  ) -> [UInt8] {
    let flags = qos << 1 | (retain ? 1 : 0) | (duplicate ? 8 : 0)
    return packet(
      0x30 | flags,
      text(topic) + (qos > 0 ? number(id) : []) + remainingLength(properties.count) + properties + Array(payload.utf8))
  }

  /// Payload format, expiry of 258 s, content type, response topic, correlation data, two user properties.
  package static let everyPublishProperty: [UInt8] =
    [1, 1, 2, 0, 0, 1, 2] + [3] + text("t/p") + [8] + text("re/ply") + [9] + binary([0, 0xFF])
    + [38] + text("k") + text("v") + [38] + text("k") + text("w")

  package static func subscribe5(_ id: Int, _ properties: [UInt8] = [], _ filters: (String, UInt8)...) -> [UInt8] {
    packet(
      0x82,
      number(id) + remainingLength(properties.count) + properties + filters.flatMap { text($0.0) + [$0.1] })
  }

  package static func unsubscribe5(_ id: Int, _ filters: String...) -> [UInt8] {
    packet(0xA2, number(id) + [0] + filters.flatMap { text($0) })
  }

  package static func suback5(_ id: Int, _ reasons: UInt8...) -> [UInt8] { packet(0x90, number(id) + [0] + reasons) }
  package static func unsuback5(_ id: Int, _ reasons: UInt8...) -> [UInt8] { packet(0xB0, number(id) + [0] + reasons) }
  package static func disconnect5(_ reason: UInt8) -> [UInt8] { [0xE0, 1, reason] }

  package static func suback(_ id: Int, _ granted: UInt8...) -> [UInt8] { packet(0x90, number(id) + granted) }
  package static func unsuback(_ id: Int) -> [UInt8] { packet(0xB0, number(id)) }
  package static func puback(_ id: Int) -> [UInt8] { packet(0x40, number(id)) }
  package static func pubrec(_ id: Int) -> [UInt8] { packet(0x50, number(id)) }
  package static func pubrel(_ id: Int) -> [UInt8] { packet(0x62, number(id)) }
  package static func pubcomp(_ id: Int) -> [UInt8] { packet(0x70, number(id)) }

  package static let accepted: [UInt8] = [0x20, 2, 0, 0]
  package static let pingreq: [UInt8] = [0xC0, 0]
  package static let pingresp: [UInt8] = [0xD0, 0]
  package static let disconnect: [UInt8] = [0xE0, 0]
}
