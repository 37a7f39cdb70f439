import Bytes

/// An answer that waits until what it is about is durable.
package struct MQTTAcknowledgement: Hashable, Sendable {
  package enum Kind: UInt8, Hashable, Sendable {
    /// Of QoS 1.
    case puback
    /// Of QoS 2.
    case pubrec
    /// Of QoS 2, to PUBREL.
    case pubcomp
    /// SUBACK or UNSUBACK: the session has its bytes, in order.
    case deferred
  }

  package let kind: Kind
  package let packetID: UInt16

  package init(_ kind: Kind, packetID: UInt16) {
    self.kind = kind
    self.packetID = packetID
  }

  /// - Parameter reason: left out where it is success, and before version 5.
  func append(_ reason: MQTTReason, _ version: MQTTVersion, to writer: inout ByteWriter) {
    let type: MQTTPacketType =
      switch kind {
      case .puback: .puback
      case .pubrec: .pubrec
      case .pubcomp, .deferred: .pubcomp
      }
    guard version == .v5, reason != .success else { return writer.appendMQTT(type, packetID: packetID) }
    writer.appendMQTTHeader(type, bodyBytes: 3)
    writer.append(packetID)
    writer.append(reason.rawValue)
  }
}

/// PUBACK, PUBREC, PUBREL and PUBCOMP from a client (sections 3.4 to 3.7 of both standards).
struct MQTTAcknowledged {
  let packetID: UInt16
  let reason: MQTTReason

  init(_ body: RawSpan, _ version: MQTTVersion) throws(MQTTViolation) {
    var reader = ByteReader(body)
    packetID = try reader.mqttPacketID()
    guard version == .v5, !reader.isAtEnd else {
      try reader.mqttExpectEnd()
      reason = .success
      return
    }
    guard let code = reader.uint8(), let reason = MQTTReason(rawValue: code) else { throw .badReasonCode }
    self.reason = reason
    if !reader.isAtEnd { _ = try MQTTProperties(&reader, in: .acknowledgement).fields }
    try reader.mqttExpectEnd()
  }
}
