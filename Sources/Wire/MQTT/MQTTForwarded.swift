import Bytes
import Records

/// The properties of a message on its way to a subscriber of version 5: those stored with it, and those of the subscription.
struct MQTTForwarded {
  let headerCount: Int
  /// What remains of the message's time; nil: it has no end.
  let expirySeconds: UInt32?
  let subscriptionIDs: [UInt32]
  /// 0: none.
  let topicAlias: UInt16

  /// How many bytes they take, without their length.
  func byteCount(_ headers: RawSpan) -> Int {
    var count = topicAlias == 0 ? 0 : 3
    if expirySeconds != nil { count += 5 }
    for identifier in subscriptionIDs { count += 1 + VarInt.byteCount(of: UInt64(identifier)) }
    forEachHeader(headers) { property, name, value in
      count +=
        property == .userProperty
        ? 5 + name.byteCount + value.byteCount : property == .payloadFormat ? 2 : 3 + value.byteCount
    }
    return count
  }

  func append(_ headers: RawSpan, to writer: inout ByteWriter) {
    if topicAlias != 0 {
      writer.append(MQTTProperty.topicAlias.rawValue)
      writer.append(topicAlias)
    }
    if let expirySeconds {
      writer.append(MQTTProperty.messageExpiry.rawValue)
      writer.append(expirySeconds)
    }
    for identifier in subscriptionIDs {
      writer.append(MQTTProperty.subscriptionID.rawValue)
      writer.append(varUInt: UInt64(identifier))
    }
    forEachHeader(headers) { property, name, value in
      writer.append(property.rawValue)
      switch property {
      case .payloadFormat: writer.append(UInt8(1))
      case .userProperty:
        writer.append(UInt16(name.byteCount))
        writer.append(name)
        fallthrough
      default:
        writer.append(UInt16(value.byteCount))
        writer.append(value)
      }
    }
  }

  /// Calls `body` with every header that is a property, in their order.
  private func forEachHeader(_ headers: RawSpan, _ body: (MQTTProperty, RawSpan, RawSpan) -> Void) {
    var reader = ByteReader(headers)
    for _ in 0..<headerCount {
      guard let keyLength = reader.varInt(), let key = reader.bytes(Int(clamping: keyLength)),
        let valueLength = reader.varInt()
      else { return }
      // Kafka's null.
      if valueLength < 0 { continue }
      guard let value = reader.bytes(Int(clamping: valueLength)) else { return }
      // A text longer than MQTT can carry came otherwise, and is left out.
      guard value.byteCount <= UInt16.max, let property = Self.property(key) else { continue }
      let name =
        property == .userProperty ? key.extracting(RecordHeaderKey.userPrefix.utf8.count..<key.byteCount) : key
      body(property, name, value)
    }
  }

  private static func property(_ key: RawSpan) -> MQTTProperty? {
    switch key.byteCount {
    case 12 where key.elementsEqual(RecordHeaderKey.contentType.utf8.span.bytes): .contentType
    case 14 where key.elementsEqual(RecordHeaderKey.responseTopic.utf8.span.bytes): .responseTopic
    case 14 where key.elementsEqual(RecordHeaderKey.payloadFormat.utf8.span.bytes): .payloadFormat
    case 16 where key.elementsEqual(RecordHeaderKey.correlationData.utf8.span.bytes): .correlationData
    default: key.starts(with: RecordHeaderKey.userPrefix) ? .userProperty : nil
    }
  }
}
