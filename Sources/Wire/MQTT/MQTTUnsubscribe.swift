import Bytes
import Records

/// UNSUBSCRIBE and UNSUBACK (MQTT 3.1.1 sections 3.10 and 3.11).
struct MQTTUnsubscribe {
  let packetID: UInt16
  let filters: [TopicFilter]

  init(_ body: RawSpan) throws(MQTTViolation) {
    var reader = ByteReader(body)
    packetID = try reader.mqttPacketID()
    var filters: [TopicFilter] = []
    while !reader.isAtEnd {
      filters.append(try TopicFilter(mqtt: reader.mqttBinary()))
    }
    guard !filters.isEmpty else { throw .noFilters }
    self.filters = filters
  }
}
