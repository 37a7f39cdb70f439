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

  init(_ reader: inout ByteReader, qos: UInt8, isRetained: Bool) throws(MQTTViolation) {
    guard let qos = MQTTQoS(rawValue: qos >> 3) else { throw .badWillFlags }
    let topic = try reader.mqttBinary()
    try MQTTPublish.checkTopic(topic)
    self.init(topic: topic.array, payload: try reader.mqttBinary().array, qos: qos, isRetained: isRetained)
  }
}
