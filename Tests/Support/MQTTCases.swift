/// What a server must not accept, as bytes: the codec's and the server's tests go through the same table.
package struct MQTTCase: Sendable, CustomStringConvertible {
  package let name: String
  /// Whether the client has connected before it sends `bytes`.
  package let isConnected: Bool
  package let bytes: [UInt8]
  /// The name under which the client is turned away.
  package let reason: String
  /// What it is told before the connection closes.
  package var reply: [UInt8] = []
  /// Of the protocol, that it has connected with.
  package var level: UInt8 = 4

  package var description: String { name }

  /// The longest packet that the tests' servers allow.
  package static let maxPacketBytes = 4096

  private static func fresh(_ name: String, _ bytes: [UInt8], _ reason: String, reply: [UInt8] = []) -> MQTTCase {
    MQTTCase(name: name, isConnected: false, bytes: bytes, reason: reason, reply: reply)
  }

  private static func connected(_ name: String, _ bytes: [UInt8], _ reason: String) -> MQTTCase {
    MQTTCase(name: name, isConnected: true, bytes: bytes, reason: reason)
  }

  package static let all = frame + connect + publish + subscribe + order + version5

  // The fixed header.
  private static let frame: [MQTTCase] = [
    connected("a remaining length of five bytes", [0x30, 0x80, 0x80, 0x80, 0x80, 0x01], "malformed-length"),
    connected("a remaining length whose fourth byte goes on", [0x30, 0xFF, 0xFF, 0xFF, 0xFF], "malformed-length"),
    connected("packet type 0", [0x00, 0x00], "reserved-packet-type"),
    connected("packet type 15", [0xF0, 0x00], "reserved-packet-type"),
    connected("flags on PINGREQ", [0xC1, 0x00], "reserved-flags"),
    connected("flags on DISCONNECT", [0xE4, 0x00], "reserved-flags"),
    connected("flags on PUBACK", [0x42, 0x02, 0x00, 0x01], "reserved-flags"),
    connected("SUBSCRIBE without its flags", [0x80] + MQTTBytes.subscribe(1, ("a", 0)).dropFirst(), "reserved-flags"),
    connected("PUBREL without its flags", [0x60, 0x02, 0x00, 0x01], "reserved-flags"),
    connected("UNSUBSCRIBE with other flags", [0xA4] + MQTTBytes.unsubscribe(1, "a").dropFirst(), "reserved-flags"),
    connected(
      "a packet one byte over the limit", [0x30] + MQTTBytes.remainingLength(maxPacketBytes - 2), "packet-too-large"),
    connected("the longest length there is", [0x30, 0xFF, 0xFF, 0xFF, 0x7F], "packet-too-large"),
    connected("PINGREQ with a body", [0xC0, 0x01, 0x00], "trailing-bytes"),
    connected("DISCONNECT with a body", [0xE0, 0x01, 0x00], "trailing-bytes"),
    fresh("flags on CONNECT", [0x11] + MQTTBytes.connect("a").dropFirst(), "reserved-flags"),
  ]

  private static let connect: [MQTTCase] = [
    fresh("a CONNECT without a body", [0x10, 0x00], "truncated-packet"),
    fresh("a CONNECT that ends in the protocol name", [0x10, 0x04, 0x00, 0x04, 0x4D, 0x51], "truncated-packet"),
    fresh("a CONNECT that ends behind the level", [0x10, 0x07] + MQTTBytes.text("MQTT") + [4], "truncated-packet"),
    fresh(
      "a CONNECT without a client id", MQTTBytes.packet(0x10, MQTTBytes.text("MQTT") + [4, 2, 0, 60]),
      "truncated-packet"),
    fresh("bytes behind CONNECT's fields", MQTTBytes.connect("a", rest: [0]), "trailing-bytes"),
    fresh("another protocol", MQTTBytes.connect("a", name: "AMQP"), "bad-protocol-name"),
    fresh("the old name in capitals", MQTTBytes.connect("a", name: "MQISDP", level: 3), "bad-protocol-name"),
    fresh("version 6", MQTTBytes.connect("a", level: 6), "unsupported-version", reply: [0x20, 2, 0, 1]),
    fresh(
      "the old name with the new level", MQTTBytes.connect("a", name: "MQIsdp"), "unsupported-version",
      reply: [0x20, 2, 0, 1]),
    fresh("the reserved connect flag", MQTTBytes.connect("a", flags: 0x03), "reserved-connect-flag"),
    fresh(
      "a password without a user", MQTTBytes.connect("a", flags: 0x42, rest: MQTTBytes.text("p")),
      "password-without-user"),
    fresh("a will's QoS without a will", MQTTBytes.connect("a", flags: 0x0A), "bad-will-flags"),
    fresh("a will's retain without a will", MQTTBytes.connect("a", flags: 0x22), "bad-will-flags"),
    fresh("a will of QoS 3", MQTTBytes.connect("a", flags: 0x1E, rest: will("w")), "bad-will-flags"),
    fresh("a will that is missing", MQTTBytes.connect("a", flags: 0x06), "truncated-packet"),
    fresh("a will with a wildcard", MQTTBytes.connect("a", flags: 0x06, rest: will("w/#")), "bad-topic"),
    fresh(
      "a will to a topic of Forebay's own", MQTTBytes.connect("a", flags: 0x06, rest: will("$forebay/gap")),
      "reserved-topic"),
    fresh(
      "a client id that is not UTF-8", MQTTBytes.packet(0x10, connectHead + MQTTBytes.binary([0xC3, 0x28])),
      "invalid-text"),
    fresh("a client id with a null character", MQTTBytes.connect("a\0b"), "invalid-text"),
    fresh(
      "a user that is not UTF-8", MQTTBytes.connect("a", flags: 0x82, rest: MQTTBytes.binary([0xFF])), "invalid-text"),
    fresh(
      "no client id and no clean session", MQTTBytes.connect("", flags: 0), "client-id-rejected",
      reply: [0x20, 2, 0, 2]),
    fresh(
      "no client id in version 3.1", MQTTBytes.connect("", name: "MQIsdp", level: 3), "client-id-rejected",
      reply: [0x20, 2, 0, 2]),
    fresh(
      "a client id of 257 bytes", MQTTBytes.connect(String(repeating: "x", count: 257)), "client-id-rejected",
      reply: [0x20, 2, 0, 2]),
  ]

  private static let publish: [MQTTCase] = [
    connected("PUBLISH without a body", [0x30, 0x00], "truncated-packet"),
    connected("a topic longer than the packet", [0x30, 0x03, 0x00, 0x05, 0x61], "truncated-packet"),
    connected("QoS 1 without a packet id", [0x32, 0x03, 0x00, 0x01, 0x61], "truncated-packet"),
    connected("QoS 3", MQTTBytes.publish("a", "x", qos: 3, id: 1), "bad-qos"),
    connected("a duplicate of QoS 0", MQTTBytes.publish("a", "x", duplicate: true), "duplicate-at-qos-0"),
    connected("packet id 0 at QoS 1", MQTTBytes.publish("a", "x", qos: 1, id: 0), "packet-id-zero"),
    connected("packet id 0 at QoS 2", MQTTBytes.publish("a", "x", qos: 2, id: 0), "packet-id-zero"),
    connected("an empty topic", MQTTBytes.publish("", "x"), "bad-topic"),
    connected("a topic with #", MQTTBytes.publish("a/#", "x"), "bad-topic"),
    connected("a topic with +", MQTTBytes.publish("a/+/b", "x"), "bad-topic"),
    connected("a topic with a null character", MQTTBytes.publish("a\0b", "x"), "bad-topic"),
    connected("a topic that is not UTF-8", MQTTBytes.packet(0x30, MQTTBytes.binary([0x61, 0x80])), "bad-topic"),
    connected("a topic with a surrogate", MQTTBytes.packet(0x30, MQTTBytes.binary([0xED, 0xA0, 0x80])), "bad-topic"),
    connected("a topic of Forebay's own", MQTTBytes.publish("$forebay/gap", "x"), "reserved-topic"),
    connected("any other topic with $", MQTTBytes.publish("$SYS/x", "x", qos: 1, id: 1), "reserved-topic"),
    connected("PUBREL with packet id 0", MQTTBytes.pubrel(0), "packet-id-zero"),
    connected("PUBREL that is too short", [0x62, 0x01, 0x00], "truncated-packet"),
    connected("PUBREL that is too long", [0x62, 0x03, 0x00, 0x01, 0x00], "trailing-bytes"),
    connected("PUBACK with packet id 0", MQTTBytes.puback(0), "packet-id-zero"),
  ]

  private static let subscribe: [MQTTCase] = [
    connected("SUBSCRIBE without filters", MQTTBytes.subscribe(1), "no-filters"),
    connected("SUBSCRIBE without a body", [0x82, 0x00], "truncated-packet"),
    connected("SUBSCRIBE with packet id 0", MQTTBytes.subscribe(0, ("a", 0)), "packet-id-zero"),
    connected("a filter without its QoS", MQTTBytes.packet(0x82, [0, 1] + MQTTBytes.text("a")), "truncated-packet"),
    connected("a filter that asks for QoS 3", MQTTBytes.subscribe(1, ("a", 3)), "bad-qos"),
    connected("a QoS with reserved bits", MQTTBytes.subscribe(1, ("a", 0x41)), "bad-qos"),
    connected("an empty filter", MQTTBytes.subscribe(1, ("", 0)), "bad-filter"),
    connected("a # that is not last", MQTTBytes.subscribe(1, ("a/#/b", 0)), "bad-filter"),
    connected("a + within a level", MQTTBytes.subscribe(1, ("a/b+", 0)), "bad-filter"),
    connected(
      "a filter that is not UTF-8", MQTTBytes.packet(0x82, [0, 1] + MQTTBytes.binary([0xFF]) + [0]), "bad-filter"),
    connected("a bad filter behind a good one", MQTTBytes.subscribe(1, ("a", 0), ("#a", 0)), "bad-filter"),
    connected("UNSUBSCRIBE without filters", MQTTBytes.unsubscribe(1), "no-filters"),
    connected("UNSUBSCRIBE with packet id 0", MQTTBytes.unsubscribe(0, "a"), "packet-id-zero"),
    connected("UNSUBSCRIBE of a bad filter", MQTTBytes.unsubscribe(1, "a#"), "bad-filter"),
  ]

  private static let order: [MQTTCase] = [
    fresh("PUBLISH before CONNECT", MQTTBytes.publish("a", "x"), "connect-missing"),
    fresh("PINGREQ before CONNECT", MQTTBytes.pingreq, "connect-missing"),
    fresh("HTTP", Array("GET / HTTP/1.1\r\n\r\n".utf8), "reserved-flags"),
    connected("a second CONNECT", MQTTBytes.connect("b"), "second-connect"),
    connected("CONNACK from a client", MQTTBytes.accepted, "server-packet"),
    connected("SUBACK from a client", MQTTBytes.suback(1, 0), "server-packet"),
    connected("UNSUBACK from a client", MQTTBytes.unsuback(1), "server-packet"),
    connected("PINGRESP from a client", MQTTBytes.pingresp, "server-packet"),
  ]

  private static let connectHead = MQTTBytes.text("MQTT") + [4, 2, 0, 60]

  private static func will(_ topic: String) -> [UInt8] { MQTTBytes.text(topic) + MQTTBytes.text("gone") }
}
