import Bytes
package import Records

/// What the server publishes for a client whose connection ends without DISCONNECT. Owns its bytes.
package struct MQTTWill: Hashable, Sendable {
  package var topic: [UInt8]
  package var payload: [UInt8]
  package var qos: MQTTQoS
  package var isRetained: Bool
  /// How long the client has to come back before it is published (version 5).
  package var delaySeconds: UInt32 = 0
  /// Its properties (version 5), as the record will bear them.
  package var headers = RecordHeaders.none

  package init(topic: [UInt8], payload: [UInt8], qos: MQTTQoS = .atMostOnce, isRetained: Bool = false) {
    self.topic = topic
    self.payload = payload
    self.qos = qos
    self.isRetained = isRetained
  }

  init(
    _ reader: inout ByteReader, _ version: MQTTVersion, qos: UInt8, isRetained: Bool
  ) throws(MQTTViolation) {
    guard let qos = MQTTQoS(rawValue: qos >> 3) else { throw .badWillFlags }
    var delay: UInt32 = 0
    var headers = RecordHeaders.none
    var isText = false
    if version == .v5 {
      let properties = try MQTTProperties(&reader, in: .will)
      delay = properties.fields.willDelay ?? 0
      isText = properties.fields.payloadFormat == 1
      var writer = ByteWriter(capacity: properties.bytes.byteCount + 64)
      let count = properties.appendHeaders(to: &writer)
      headers = RecordHeaders(count: count, bytes: writer.array)
    }
    let topic = try reader.mqttBinary()
    try MQTTPublish.checkTopic(topic)
    let payload = try reader.mqttBinary()
    if isText, !UTF8Validation.isValid(payload) { throw .badPayloadFormat }
    self.init(topic: topic.array, payload: payload.array, qos: qos, isRetained: isRetained)
    delaySeconds = delay
    self.headers = headers
  }
}
