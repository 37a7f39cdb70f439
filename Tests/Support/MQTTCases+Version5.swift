// What a server of version 5 must not accept, and the reason code it says why with.
extension MQTTCase {
  static let version5 = properties + publish5 + subscribe5 + acknowledge5 + disconnect5 + connect5

  private static func connected5(_ name: String, _ bytes: [UInt8], _ reason: String, _ code: UInt8) -> MQTTCase {
    MQTTCase(
      name: "version 5: \(name)", isConnected: true, bytes: bytes, reason: reason,
      reply: MQTTBytes.disconnect5(code), level: 5)
  }

  private static func fresh5(_ name: String, _ bytes: [UInt8], _ reason: String, _ code: UInt8) -> MQTTCase {
    MQTTCase(
      name: "version 5: \(name)", isConnected: false, bytes: bytes, reason: reason, reply: [0x20, 3, 0, code, 0])
  }

  private static func publish(_ properties: [UInt8], topic: String = "a", payload: String = "x") -> [UInt8] {
    MQTTBytes.publish5(topic, payload, properties: properties)
  }

  private static let properties: [MQTTCase] = [
    connected5("properties longer than the packet", [0x30, 4, 0, 1, 0x61, 9], "malformed-properties", 0x81),
    connected5(
      "a property length of five bytes", [0x30, 8, 0, 1, 0x61, 0x80, 0x80, 0x80, 0x80, 1], "malformed-properties", 0x81),
    connected5("no property length", [0x30, 3, 0, 1, 0x61], "malformed-properties", 0x81),
    connected5("a property that ends early", publish([2, 0, 0]), "malformed-properties", 0x81),
    connected5("property 0", publish([0]), "unknown-property", 0x81),
    connected5("property 127", publish([0x7F, 0]), "unknown-property", 0x81),
    connected5("a property of CONNACK", publish([0x12, 0, 0]), "misplaced-property", 0x82),
    connected5("a session expiry in PUBLISH", publish([0x11, 0, 0, 0, 1]), "misplaced-property", 0x82),
    connected5("a subscription id in PUBLISH", publish([0x0B, 1]), "misplaced-property", 0x82),
    connected5("a content type twice", publish([3, 0, 1, 0x61, 3, 0, 1, 0x61]), "duplicate-property", 0x82),
    connected5("an expiry twice", publish([2, 0, 0, 0, 1, 2, 0, 0, 0, 1]), "duplicate-property", 0x82),
    connected5("payload format 2", publish([1, 2]), "bad-property-value", 0x82),
    connected5("a content type that is not UTF-8", publish([3, 0, 1, 0xFF]), "invalid-text", 0x81),
    connected5("a user property with a null character", publish([38, 0, 1, 0, 0, 0]), "invalid-text", 0x81),
    connected5("a user property without its value", publish([38, 0, 1, 0x61]), "truncated-packet", 0x81),
  ]

  private static let publish5: [MQTTCase] = [
    connected5("topic alias 0", publish([35, 0, 0]), "bad-topic-alias", 0x94),
    connected5("a topic alias that is too large", publish([35, 0, 17]), "bad-topic-alias", 0x94),
    connected5("a topic alias that stands for nothing", publish([35, 0, 1], topic: ""), "bad-topic-alias", 0x94),
    connected5("neither topic nor alias", publish([], topic: ""), "bad-topic", 0x90),
    connected5("a wildcard in a topic", publish([], topic: "a/#"), "bad-topic", 0x90),
    connected5("a topic of Forebay's own", publish([], topic: "$forebay/gap"), "reserved-topic", 0x90),
    connected5("a response topic with a wildcard", publish([8, 0, 1, 0x23]), "bad-property-value", 0x82),
    connected5(
      "text that is none", MQTTBytes.packet(0x30, MQTTBytes.text("a") + [2, 1, 1, 0xFF]), "bad-payload-format", 0x99),
    connected5("QoS 3", [0x36, 0], "bad-qos", 0x81),
    connected5("packet id 0", MQTTBytes.publish5("a", "", qos: 1, id: 0), "packet-id-zero", 0x82),
    connected5(
      "a topic of 4097 bytes in pieces too long for the server",
      publish([], topic: [String](repeating: "x", count: 130).joined(separator: "/")), "topic-too-long", 0x90),
  ]

  private static let subscribe5: [MQTTCase] = [
    connected5("subscription id 0", MQTTBytes.subscribe5(1, [0x0B, 0], ("a", 0)), "bad-property-value", 0x82),
    connected5(
      "two subscription ids", MQTTBytes.subscribe5(1, [0x0B, 1, 0x0B, 2], ("a", 0)), "duplicate-property", 0x82),
    connected5("reserved options", MQTTBytes.subscribe5(1, [], ("a", 0x40)), "bad-subscription-options", 0x81),
    connected5("retain handling 3", MQTTBytes.subscribe5(1, [], ("a", 0x30)), "bad-subscription-options", 0x81),
    connected5("QoS 3 asked for", MQTTBytes.subscribe5(1, [], ("a", 3)), "bad-qos", 0x81),
    connected5("no local and shared", MQTTBytes.subscribe5(1, [], ("$share/g/a", 4)), "shared-no-local", 0x82),
    connected5("a group without a name", MQTTBytes.subscribe5(1, [], ("$share//a", 0)), "bad-filter", 0x8F),
    connected5("a group with a wildcard", MQTTBytes.subscribe5(1, [], ("$share/+/a", 0)), "bad-filter", 0x8F),
    connected5("a group without a filter", MQTTBytes.subscribe5(1, [], ("$share/g", 0)), "bad-filter", 0x8F),
    connected5("a group with an empty filter", MQTTBytes.subscribe5(1, [], ("$share/g/", 0)), "bad-filter", 0x8F),
    connected5("no filters", MQTTBytes.subscribe5(1), "no-filters", 0x82),
    connected5("UNSUBSCRIBE without filters", MQTTBytes.unsubscribe5(1), "no-filters", 0x82),
  ]

  private static let acknowledge5: [MQTTCase] = [
    connected5("a PUBACK with an unknown reason", [0x40, 3, 0, 1, 0x7E], "bad-reason-code", 0x82),
    connected5("a PUBACK with a misplaced property", [0x40, 6, 0, 1, 0, 2, 1, 0], "misplaced-property", 0x82),
    connected5("bytes behind a PUBREC's properties", [0x50, 5, 0, 1, 0, 0, 9], "trailing-bytes", 0x81),
    connected5("PUBREL with packet id 0", [0x62, 2, 0, 0], "packet-id-zero", 0x82),
  ]

  private static let disconnect5: [MQTTCase] = [
    connected5(
      "DISCONNECT that makes the session outlive it", [0xE0, 7, 0, 5, 0x11, 0, 0, 0, 1], "raised-session-expiry", 0x82),
    connected5("DISCONNECT with an unknown reason", [0xE0, 1, 0x7D], "bad-reason-code", 0x82),
    connected5("AUTH", [0xF0, 0], "unexpected-authentication", 0x82),
    connected5("a second CONNECT", MQTTBytes.connect5("b"), "second-connect", 0x82),
    connected5("SUBACK from a client", [0x90, 4, 0, 1, 0, 0], "server-packet", 0x82),
    connected5("a packet that is too large", [0x30, 0xFF, 0xFF, 0xFF, 0x7F], "packet-too-large", 0x95),
  ]

  private static let connect5: [MQTTCase] = [
    fresh5("receive maximum 0", MQTTBytes.connect5("c", [0x21, 0, 0]), "bad-property-value", 0x82),
    fresh5("maximum packet size 0", MQTTBytes.connect5("c", [0x27, 0, 0, 0, 0]), "bad-property-value", 0x82),
    fresh5(
      "a session expiry twice", MQTTBytes.connect5("c", [0x11, 0, 0, 0, 1, 0x11, 0, 0, 0, 1]), "duplicate-property",
      0x82),
    fresh5("a topic alias", MQTTBytes.connect5("c", [35, 0, 1]), "misplaced-property", 0x82),
    fresh5("a delay that is no will's", MQTTBytes.connect5("c", [0x18, 0, 0, 0, 1]), "misplaced-property", 0x82),
    fresh5("authentication data without a method", MQTTBytes.connect5("c", [22, 0, 0]), "misplaced-property", 0x82),
    fresh5(
      "an authentication method", MQTTBytes.connect5("c", [21] + MQTTBytes.text("SCRAM")), "bad-authentication-method",
      0x8C),
    fresh5("the reserved flag", MQTTBytes.connect5("c", flags: 3), "reserved-connect-flag", 0x81),
    fresh5("bytes behind the fields", MQTTBytes.connect5("c", rest: [0]), "trailing-bytes", 0x81),
    fresh5(
      "a client id of 257 bytes", MQTTBytes.connect5(String(repeating: "x", count: 257)), "client-id-rejected", 0x85),
    fresh5(
      "a will that says it is text and is not",
      MQTTBytes.connect5("c", flags: 6, rest: [2, 1, 1] + MQTTBytes.text("w") + MQTTBytes.binary([0xFF])),
      "bad-payload-format", 0x99),
  ]
}
