/// The first bytes of every packet (MQTT 3.1.1 section 2.2): a byte of type and flags, then the number of bytes that
/// follow in one to four groups of seven bits, least significant first.
package struct MQTTFixedHeader: Hashable, Sendable {
  package let type: MQTTPacketType
  /// The lower four bits of the first byte.
  package let flags: UInt8
  /// Of the fixed header itself, and of what follows it.
  package let headerBytes: Int
  package let bodyBytes: Int

  package var packetBytes: Int { headerBytes + bodyBytes }

  /// The longest remaining length four groups can tell.
  package static let maximumBodyBytes = 268_435_455

  /// Reads the header at the front of `bytes`; nil where more bytes are needed to tell.
  /// - Parameter limit: the longest packet that is allowed. One that is longer is refused as soon as its header is there.
  package static func parse(_ bytes: RawSpan, limit: Int) throws(MQTTViolation) -> MQTTFixedHeader? {
    guard bytes.byteCount > 0 else { return nil }
    let first = bytes.unsafeLoad(fromByteOffset: 0, as: UInt8.self)
    guard let type = MQTTPacketType(rawValue: first >> 4) else { throw .reservedPacketType }
    let flags = first & 15
    try checkFlags(flags, of: type)
    var bodyBytes = 0
    var index = 1
    while true {
      guard index < bytes.byteCount else { return nil }
      let group = bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self)
      bodyBytes |= Int(group & 0x7F) << (7 * (index - 1))
      index += 1
      if group & 0x80 == 0 { break }
      guard index <= 4 else { throw .malformedLength }
    }
    guard index + bodyBytes <= limit else { throw .packetTooLarge }
    return MQTTFixedHeader(type: type, flags: flags, headerBytes: index, bodyBytes: bodyBytes)
  }

  private static func checkFlags(_ flags: UInt8, of type: MQTTPacketType) throws(MQTTViolation) {
    switch type {
    case .publish:
      if flags & 0b0110 == 0b0110 { throw .badQoS }
      if flags & 0b1110 == 0b1000 { throw .duplicateAtQoS0 }
    case .pubrel, .subscribe, .unsubscribe:
      if flags != 0b0010 { throw .reservedFlags }
    default:
      if flags != 0 { throw .reservedFlags }
    }
  }
}
