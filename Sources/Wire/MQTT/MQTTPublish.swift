package import Bytes
import Records

/// PUBLISH (section 3.3 of both standards), in place.
package struct MQTTPublish: ~Escapable {
  /// Where it came as an alias, what the alias stands for.
  package let topic: RawSpan
  package let payload: RawSpan
  package let isRetained: Bool
  package let qos: MQTTQoS
  /// 0 at QoS 0.
  package let packetID: UInt16
  /// 0: none.
  let topicAlias: UInt16
  /// Encoded, without their length; checked.
  private let properties: RawSpan

  /// Everything but the topic is checked; `checkTopic` does that once an alias is resolved.
  /// - Parameter flags: of the fixed header, which has refused QoS 3.
  @_lifetime(copy body)
  init(flags: UInt8, _ body: RawSpan, _ version: MQTTVersion) throws(MQTTViolation) {
    var reader = ByteReader(body)
    isRetained = flags & 1 != 0
    guard let qos = MQTTQoS(rawValue: flags >> 1 & 3) else { throw .badQoS }
    self.qos = qos
    topic = try reader.mqttBinary()
    packetID = qos == .atMostOnce ? 0 : try reader.mqttPacketID()
    if version == .v5 {
      let found = try MQTTProperties(&reader, in: .publish)
      payload = reader.rest()
      if found.fields.payloadFormat == 1, !UTF8Validation.isValid(payload) { throw .badPayloadFormat }
      properties = found.bytes
      topicAlias = found.fields.topicAlias ?? 0
    } else {
      payload = reader.rest()
      properties = body.extracting(0..<0)
      topicAlias = 0
    }
  }

  /// The same with the topic that its alias stands for.
  @_lifetime(copy publish, copy topic)
  init(_ publish: borrowing MQTTPublish, topic: RawSpan) {
    self.topic = topic
    payload = publish.payload
    isRetained = publish.isRetained
    qos = publish.qos
    packetID = publish.packetID
    properties = publish.properties
    topicAlias = publish.topicAlias
  }

  /// What clients may publish to: a topic name, and none that begins with `$`.
  static func checkTopic(_ topic: RawSpan) throws(MQTTViolation) {
    guard Topic.problem(with: topic) == nil else { throw .badTopic }
    guard topic.unsafeLoad(fromByteOffset: 0, as: UInt8.self) != UInt8(ascii: "$") else { throw .reservedTopic }
  }

  static func checkTopic(_ topic: RawSpan, _ limits: MQTTLimits) throws(MQTTViolation) {
    try checkTopic(topic)
    guard topic.byteCount <= limits.maxTopicBytes else { throw .topicTooLong }
    // As many separators as levels but one: only long topics can be too deep.
    guard topic.byteCount >= limits.maxTopicLevels else { return }
    let separators = topic.withUnsafeBytes { $0.count { $0 == Topic.separator } }
    guard separators < limits.maxTopicLevels else { throw .topicTooLong }
  }

  /// Whether there is anything to say of the message beyond its topic and payload.
  package var hasProperties: Bool { properties.byteCount > 0 }

  /// Appends the properties that are passed on, as encoded record headers.
  /// - Returns: how many there are.
  package func appendHeaders(to writer: inout ByteWriter) -> Int {
    hasProperties ? MQTTProperties(checked: properties, in: .publish).appendHeaders(to: &writer) : 0
  }

  /// What goes into a PUBLISH to a client besides topic and payload.
  struct Head {
    var qos: MQTTQoS
    var isRetained = false
    var isDuplicate = false
    /// 0 at QoS 0.
    var packetID: UInt16
  }

  /// How many bytes `append` writes.
  static func byteCount(
    _ head: Head, topicBytes: Int, payloadBytes: Int, propertyBytes: Int?
  ) -> (body: Int, packet: Int) {
    var body = 2 + topicBytes + (head.qos == .atMostOnce ? 0 : 2) + payloadBytes
    if let propertyBytes { body += VarInt.byteCount(of: UInt64(propertyBytes)) + propertyBytes }
    return (body, 1 + VarInt.byteCount(of: UInt64(body)) + body)
  }

  /// Appends everything up to where version 5 has its properties.
  static func append(_ head: Head, topic: RawSpan, bodyBytes: Int, to writer: inout ByteWriter) {
    let flags = (head.isDuplicate ? 0b1000 : 0) | head.qos.rawValue << 1 | (head.isRetained ? 1 : 0)
    writer.appendMQTTHeader(.publish, flags: flags, bodyBytes: bodyBytes)
    writer.append(UInt16(topic.byteCount))
    writer.append(topic)
    if head.qos != .atMostOnce { writer.append(head.packetID) }
  }
}
