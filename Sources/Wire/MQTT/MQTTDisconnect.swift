import Bytes

/// DISCONNECT (3.1.1 section 3.14: nothing but its header; 5.0 section 3.14).
struct MQTTDisconnect {
  let reason: MQTTReason
  let sessionExpirySeconds: UInt32?

  init(_ body: RawSpan, _ version: MQTTVersion) throws(MQTTViolation) {
    var reader = ByteReader(body)
    guard version == .v5, body.byteCount > 0 else {
      try reader.mqttExpectEnd()
      reason = .success
      sessionExpirySeconds = nil
      return
    }
    guard let code = reader.uint8(), let reason = MQTTReason(rawValue: code) else { throw .badReasonCode }
    self.reason = reason
    sessionExpirySeconds =
      reader.isAtEnd ? nil : try MQTTProperties(&reader, in: .disconnect).fields.sessionExpiry
    try reader.mqttExpectEnd()
  }

  /// Why the server ends the connection.
  static func append(_ reason: MQTTReason, to writer: inout ByteWriter) {
    writer.appendMQTTHeader(.disconnect, bodyBytes: 1)
    writer.append(reason.rawValue)
  }
}
