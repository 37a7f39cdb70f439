import Bytes
import Records

/// PUBLISH (MQTT 3.1.1 section 3.3), in place.
package struct MQTTPublish: ~Escapable {
  package let topic: RawSpan
  package let payload: RawSpan
  package let isRetained: Bool
  package let qos: MQTTQoS
  /// 0 at QoS 0.
  package let packetID: UInt16

  /// - Parameter flags: of the fixed header, which has refused QoS 3.
  @_lifetime(copy body)
  init(flags: UInt8, _ body: RawSpan) throws(MQTTViolation) {
    var reader = ByteReader(body)
    isRetained = flags & 1 != 0
    guard let qos = MQTTQoS(rawValue: flags >> 1 & 3) else { throw .badQoS }
    self.qos = qos
    topic = try reader.mqttBinary()
    try Self.checkTopic(topic)
    packetID = qos == .atMostOnce ? 0 : try reader.mqttPacketID()
    payload = reader.rest()
  }

  /// What clients may publish to: a topic name, and none that begins with `$`.
  static func checkTopic(_ topic: RawSpan) throws(MQTTViolation) {
    guard Topic.problem(with: topic) == nil else { throw .badTopic }
    guard topic.unsafeLoad(fromByteOffset: 0, as: UInt8.self) != UInt8(ascii: "$") else { throw .reservedTopic }
  }

  /// How many bytes `append` writes at most.
  package static func byteCount(topic: RawSpan, payload: RawSpan) -> Int {
    5 + 2 + topic.byteCount + 2 + payload.byteCount
  }

  /// Appends a PUBLISH to a client: not retained, not a duplicate.
  /// - Parameter packetID: 0 for QoS 0, else QoS 1.
  static func append(topic: RawSpan, payload: RawSpan, packetID: UInt16, to writer: inout ByteWriter) {
    let idBytes = packetID == 0 ? 0 : 2
    writer.reserve(byteCount(topic: topic, payload: payload))
    writer.appendMQTTHeader(
      .publish, flags: packetID == 0 ? 0 : 0b0010, bodyBytes: 2 + topic.byteCount + idBytes + payload.byteCount)
    writer.append(UInt16(topic.byteCount))
    writer.append(topic)
    if packetID != 0 { writer.append(packetID) }
    writer.append(payload)
  }

  /// Whether a record of that topic and payload fits into a packet at all.
  static func canCarry(topic: RawSpan, payload: RawSpan) -> Bool {
    topic.byteCount > 0 && topic.byteCount <= Topic.maximumBytes
      && byteCount(topic: topic, payload: payload) <= MQTTFixedHeader.maximumBodyBytes
  }
}
