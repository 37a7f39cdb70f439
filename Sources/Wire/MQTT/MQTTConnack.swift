import Bytes

/// CONNACK (section 3.2 of both standards).
enum MQTTConnack {
  /// What the server says of itself to a client of version 5. Nil, and what is not here: as the standard has it unless told.
  struct Properties {
    var sessionExpirySeconds: UInt32?
    var receiveMaximum = UInt16.max
    var maximumPacketSize: Int?
    var assignedClientID: [UInt8]?
    var topicAliasMaximum: UInt16 = 0
    var serverKeepAliveSeconds: Int?
  }

  static func appendAccepted(
    _ version: MQTTVersion, isPresent: Bool, _ properties: Properties, to writer: inout ByteWriter
  ) {
    guard version == .v5 else {
      writer.appendMQTTHeader(.connack, bodyBytes: 2)
      // Version 3.1 has no word for a session that is there.
      writer.append(UInt8(isPresent && version != .v3_1 ? 1 : 0))
      writer.append(UInt8(0))
      return
    }
    var encoded = ByteWriter(capacity: 64)
    properties.append(to: &encoded)
    append(.success, isPresent: isPresent, encoded.bytes, to: &writer)
  }

  static func append(_ refusal: MQTTReason, _ version: MQTTVersion, to writer: inout ByteWriter) {
    guard version != .v5 else { return append(refusal, isPresent: false, RawSpan(), to: &writer) }
    writer.appendMQTTHeader(.connack, bodyBytes: 2)
    writer.append(UInt8(0))
    writer.append(refusal.returnCode)
  }

  private static func append(
    _ reason: MQTTReason, isPresent: Bool, _ properties: RawSpan, to writer: inout ByteWriter
  ) {
    let lengthBytes = VarInt.byteCount(of: UInt64(properties.byteCount))
    writer.appendMQTTHeader(.connack, bodyBytes: 2 + lengthBytes + properties.byteCount)
    writer.append(UInt8(isPresent ? 1 : 0))
    writer.append(reason.rawValue)
    writer.append(varUInt: UInt64(properties.byteCount))
    writer.append(properties)
  }
}

extension MQTTConnack.Properties {
  fileprivate func append(to writer: inout ByteWriter) {
    if let sessionExpirySeconds {
      writer.append(MQTTProperty.sessionExpiry.rawValue)
      writer.append(sessionExpirySeconds)
    }
    if receiveMaximum != UInt16.max {
      writer.append(MQTTProperty.receiveMaximum.rawValue)
      writer.append(receiveMaximum)
    }
    if let maximumPacketSize {
      writer.append(MQTTProperty.maximumPacketSize.rawValue)
      writer.append(UInt32(clamping: maximumPacketSize))
    }
    if let assignedClientID {
      writer.append(MQTTProperty.assignedClientID.rawValue)
      writer.append(UInt16(assignedClientID.count))
      writer.append(assignedClientID)
    }
    if topicAliasMaximum > 0 {
      writer.append(MQTTProperty.topicAliasMaximum.rawValue)
      writer.append(topicAliasMaximum)
    }
    if let serverKeepAliveSeconds {
      writer.append(MQTTProperty.serverKeepAlive.rawValue)
      writer.append(UInt16(clamping: serverKeepAliveSeconds))
    }
  }
}
