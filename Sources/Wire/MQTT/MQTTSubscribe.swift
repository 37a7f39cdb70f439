import Bytes
import Records

/// SUBSCRIBE and SUBACK (MQTT 3.1.1 sections 3.8 and 3.9).
struct MQTTSubscribe {
  let packetID: UInt16
  let requests: [(filter: TopicFilter, qos: MQTTQoS)]

  init(_ body: RawSpan) throws(MQTTViolation) {
    var reader = ByteReader(body)
    packetID = try reader.mqttPacketID()
    var requests: [(filter: TopicFilter, qos: MQTTQoS)] = []
    while !reader.isAtEnd {
      let filter = try TopicFilter(mqtt: reader.mqttBinary())
      guard let wanted = reader.uint8() else { throw .truncatedPacket }
      guard let qos = MQTTQoS(rawValue: wanted) else { throw .badQoS }
      requests.append((filter, qos))
    }
    guard !requests.isEmpty else { throw .noFilters }
    self.requests = requests
  }

  /// - Parameter granted: for each request in order; nil: refused.
  static func appendSuback(packetID: UInt16, granted: [MQTTQoS?], to writer: inout ByteWriter) {
    writer.appendMQTTHeader(.suback, bodyBytes: 2 + granted.count)
    writer.append(packetID)
    for qos in granted { writer.append(qos?.rawValue ?? 0x80) }
  }
}

extension TopicFilter {
  init(mqtt bytes: RawSpan) throws(MQTTViolation) {
    do throws(TopicProblem) {
      try self.init(bytes)
    } catch {
      throw .badFilter
    }
  }
}
