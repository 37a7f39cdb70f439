import Bytes

/// What the server publishes for a client whose connection ends without DISCONNECT. Owns its bytes.
package struct MQTTWill: Hashable, Sendable {
  package let topic: [UInt8]
  package let payload: [UInt8]
  package let isRetained: Bool

  init(_ reader: inout ByteReader, qos: UInt8, isRetained: Bool) throws(MQTTViolation) {
    guard qos >> 3 < 3 else { throw .badWillFlags }
    let topic = try reader.mqttBinary()
    try MQTTPublish.checkTopic(topic)
    self.topic = topic.array
    payload = try reader.mqttBinary().array
    self.isRetained = isRetained
  }
}
