import Bytes
import Records

/// UNSUBSCRIBE and UNSUBACK (sections 3.10 and 3.11 of both standards).
struct MQTTUnsubscribe {
  let packetID: UInt16
  let filters: [MQTTSubscription]

  init(_ body: RawSpan, _ version: MQTTVersion) throws(MQTTViolation) {
    var reader = ByteReader(body)
    packetID = try reader.mqttPacketID()
    if version == .v5 { _ = try MQTTProperties(&reader, in: .unsubscribe).fields }
    var filters: [MQTTSubscription] = []
    while !reader.isAtEnd {
      filters.append(try MQTTSubscription(mqtt: reader.mqttBinary()))
    }
    guard !filters.isEmpty else { throw .noFilters }
    self.filters = filters
  }

  /// The UNSUBACK.
  static func answer(packetID: UInt16, _ reasons: [MQTTReason], _ version: MQTTVersion) -> [UInt8] {
    var writer = ByteWriter(capacity: 16 + reasons.count)
    guard version == .v5 else {
      writer.appendMQTT(.unsuback, packetID: packetID)
      return writer.array
    }
    writer.appendMQTTHeader(.unsuback, bodyBytes: 3 + reasons.count)
    writer.append(packetID)
    writer.append(UInt8(0))
    for reason in reasons { writer.append(reason.rawValue) }
    return writer.array
  }
}
