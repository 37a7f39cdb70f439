import Bytes

/// PUBACK, PUBREC, PUBREL and PUBCOMP (MQTT 3.1.1 sections 3.4 to 3.7): a packet id and nothing else.
package struct MQTTAcknowledgement: Hashable, Sendable {
  package enum Kind: UInt8, Hashable, Sendable {
    /// Of QoS 1.
    case puback
    /// Of QoS 2.
    case pubrec
  }

  package let kind: Kind
  package let packetID: UInt16

  package init(_ kind: Kind, packetID: UInt16) {
    self.kind = kind
    self.packetID = packetID
  }

  static func packetID(of body: RawSpan) throws(MQTTViolation) -> UInt16 {
    var reader = ByteReader(body)
    let id = try reader.mqttPacketID()
    try reader.mqttExpectEnd()
    return id
  }

  func append(to writer: inout ByteWriter) {
    writer.appendMQTT(kind == .puback ? .puback : .pubrec, packetID: packetID)
  }
}
