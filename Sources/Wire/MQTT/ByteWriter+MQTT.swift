import Bytes

extension ByteWriter {
  /// Appends a fixed header; `bodyBytes` must be at most `MQTTFixedHeader.maximumBodyBytes`.
  mutating func appendMQTTHeader(_ type: MQTTPacketType, flags: UInt8 = 0, bodyBytes: Int) {
    append(type.rawValue << 4 | flags)
    append(varUInt: UInt64(bodyBytes))
  }

  /// Appends a packet that has a packet id and nothing else.
  mutating func appendMQTT(_ type: MQTTPacketType, packetID: UInt16) {
    let flags: UInt8 = type == .pubrel ? 0b0010 : 0
    append(UInt32(type.rawValue << 4 | flags) << 24 | 2 << 16 | UInt32(packetID))
  }
}
