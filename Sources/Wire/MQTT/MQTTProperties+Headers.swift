import Bytes
import Records

// What of a message's properties is stored with it: as record headers, so that whoever reads the record, in Kafka say,
// finds them under their names.
extension MQTTProperties {
  /// Appends them, encoded, behind the headers in `writer`.
  /// - Returns: how many there are.
  func appendHeaders(to writer: inout ByteWriter) -> Int {
    guard fields.seen != 0 || fields.userProperties > 0 else { return 0 }
    var count = 0
    if fields.payloadFormat == 1 {
      writer.append(header: RecordHeaderKey.payloadFormat, "1".utf8.span.bytes)
      count += 1
    }
    if let seconds = fields.messageExpiry {
      writer.append(header: RecordHeaderKey.messageExpiry, String(seconds).utf8.span.bytes)
      count += 1
    }
    for (key, range) in [
      (RecordHeaderKey.contentType, fields.contentType), (RecordHeaderKey.responseTopic, fields.responseTopic),
      (RecordHeaderKey.correlationData, fields.correlationData),
    ] {
      guard let value = field(range) else { continue }
      writer.append(header: key, value)
      count += 1
    }
    if fields.userProperties > 0 { appendUserProperties(to: &writer) }
    return count + fields.userProperties
  }

  private func appendUserProperties(to writer: inout ByteWriter) {
    var reader = ByteReader(bytes)
    while let identifier = reader.uint8(), let property = MQTTProperty(rawValue: identifier) {
      guard property == .userProperty else {
        reader.skip(property)
        continue
      }
      guard let nameLength = reader.uint16(), let name = reader.bytes(Int(nameLength)),
        let valueLength = reader.uint16(), let value = reader.bytes(Int(valueLength))
      else { return }
      writer.append(varInt: Int64(RecordHeaderKey.userPrefix.utf8.count + name.byteCount))
      writer.append(RecordHeaderKey.userPrefix)
      writer.append(name)
      writer.append(varInt: Int64(value.byteCount))
      writer.append(value)
    }
  }
}

extension ByteReader {
  /// Passes over the value of a property that has been checked.
  fileprivate mutating func skip(_ property: MQTTProperty) {
    switch property {
    case .payloadFormat, .requestProblemInformation, .requestResponseInformation: _ = skip(1)
    case .topicAlias, .receiveMaximum, .topicAliasMaximum: _ = skip(2)
    case .subscriptionID: _ = varUInt()
    case .contentType, .responseTopic, .correlationData, .authenticationMethod, .authenticationData, .reasonString:
      _ = skip(Int(uint16() ?? 0))
    default: _ = skip(4)
    }
  }
}
