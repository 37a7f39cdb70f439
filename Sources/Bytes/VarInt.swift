/// Variable-length integers: unsigned LEB128 groups of seven bits, least significant first, high bit = more follow.
/// Kafka's `varint` and `varlong` are the zig-zag form, MQTT's remaining length the plain form of at most four bytes.
package enum VarInt {
  /// The most bytes a 64-bit value takes.
  package static let maximumBytes = 10

  @inlinable
  package static func zigZag(_ value: Int64) -> UInt64 {
    UInt64(bitPattern: (value << 1) ^ (value >> 63))
  }

  @inlinable
  package static func unZigZag(_ value: UInt64) -> Int64 {
    Int64(bitPattern: (value >> 1) ^ (0 &- (value & 1)))
  }

  /// How many bytes `value` takes in the plain form.
  @inlinable
  package static func byteCount(of value: UInt64) -> Int {
    value == 0 ? 1 : (64 - value.leadingZeroBitCount + 6) / 7
  }

  /// How many bytes `value` takes in the zig-zag form.
  @inlinable
  package static func byteCount(ofZigZag value: Int64) -> Int {
    byteCount(of: zigZag(value))
  }
}
