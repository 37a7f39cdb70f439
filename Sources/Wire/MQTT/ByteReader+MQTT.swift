import Bytes

// The field types of MQTT (3.1.1 section 1.5).
extension ByteReader {
  /// Bytes behind their two-byte length.
  @_lifetime(copy self)
  mutating func mqttBinary() throws(MQTTViolation) -> RawSpan {
    guard let length = uint16(), let bytes = bytes(Int(length)) else { throw .truncatedPacket }
    return bytes
  }

  /// Text behind its two-byte length: UTF-8 without null characters.
  @_lifetime(copy self)
  mutating func mqttText() throws(MQTTViolation) -> RawSpan {
    let text = try mqttBinary()
    guard UTF8Validation.isValid(text), !text.containsNull else { throw .invalidText }
    return text
  }

  @_lifetime(self: copy self)
  mutating func mqttPacketID() throws(MQTTViolation) -> UInt16 {
    guard let id = uint16() else { throw .truncatedPacket }
    guard id != 0 else { throw .packetIDZero }
    return id
  }

  func mqttExpectEnd() throws(MQTTViolation) {
    guard isAtEnd else { throw .trailingBytes }
  }
}

extension RawSpan {
  fileprivate var containsNull: Bool {
    withUnsafeBytes { $0.contains(0) }
  }
}
