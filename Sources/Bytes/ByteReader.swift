/// Reads big-endian fields one after another out of bytes it does not own.
///
/// Every read returns nil, and takes nothing, where fewer bytes remain than it needs: what that means, more to come or
/// malformed, only the caller knows. Slices share the lifetime of the bytes read from.
package struct ByteReader: ~Escapable {
  @usableFromInline
  let source: RawSpan

  /// How many bytes have been read.
  @inlinable
  package var position: Int { cursor }

  @usableFromInline
  var cursor = 0

  @inlinable
  @_lifetime(copy source)
  package init(_ source: RawSpan) {
    self.source = source
  }

  @inlinable
  package var remaining: Int { source.byteCount &- cursor }

  @inlinable
  package var isAtEnd: Bool { remaining == 0 }

  @inlinable
  @_lifetime(self: copy self)
  package mutating func uint8() -> UInt8? {
    guard remaining >= 1 else { return nil }
    let value = unsafe source.unsafeLoad(fromUncheckedByteOffset: cursor, as: UInt8.self)
    cursor &+= 1
    return value
  }

  @inlinable
  @_lifetime(self: copy self)
  package mutating func uint16() -> UInt16? { integer(UInt16.self) }

  @inlinable
  @_lifetime(self: copy self)
  package mutating func uint32() -> UInt32? { integer(UInt32.self) }

  @inlinable
  @_lifetime(self: copy self)
  package mutating func uint64() -> UInt64? { integer(UInt64.self) }

  @inlinable
  @_lifetime(self: copy self)
  package mutating func int16() -> Int16? { integer(UInt16.self).map(Int16.init(bitPattern:)) }

  @inlinable
  @_lifetime(self: copy self)
  package mutating func int32() -> Int32? { integer(UInt32.self).map(Int32.init(bitPattern:)) }

  @inlinable
  @_lifetime(self: copy self)
  package mutating func int64() -> Int64? { integer(UInt64.self).map(Int64.init(bitPattern:)) }

  /// The next `count` bytes, in place. Nil for a negative count, too.
  @inlinable
  @_lifetime(copy self)
  package mutating func bytes(_ count: Int) -> RawSpan? {
    guard count >= 0, remaining >= count else { return nil }
    let slice = source.extracting(cursor..<(cursor &+ count))
    cursor &+= count
    return slice
  }

  /// Everything that has not been read, in place.
  @inlinable
  @_lifetime(copy self)
  package mutating func rest() -> RawSpan {
    let slice = source.extracting(cursor..<source.byteCount)
    cursor = source.byteCount
    return slice
  }

  /// Passes over `count` bytes; false, and nothing taken, where there are fewer.
  @inlinable
  @_lifetime(self: copy self)
  package mutating func skip(_ count: Int) -> Bool {
    guard count >= 0, remaining >= count else { return false }
    cursor &+= count
    return true
  }

  /// A plain variable-length integer of at most `maximumBytes` groups; nil where it is cut short or longer than that.
  @inlinable
  @_lifetime(self: copy self)
  package mutating func varUInt(maximumBytes: Int = VarInt.maximumBytes) -> UInt64? {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    var offset = cursor
    let limit = min(source.byteCount, cursor &+ maximumBytes)
    while offset < limit {
      let group = unsafe source.unsafeLoad(fromUncheckedByteOffset: offset, as: UInt8.self)
      offset &+= 1
      value |= UInt64(group & 0x7F) &<< shift
      if group & 0x80 == 0 {
        cursor = offset
        return value
      }
      shift &+= 7
    }
    return nil
  }

  /// A zig-zag variable-length integer: Kafka's varint and varlong.
  @inlinable
  @_lifetime(self: copy self)
  package mutating func varInt() -> Int64? {
    varUInt().map(VarInt.unZigZag)
  }

  @inlinable
  @_lifetime(self: copy self)
  mutating func integer<Value: FixedWidthInteger & BitwiseCopyable>(_: Value.Type) -> Value? {
    let size = MemoryLayout<Value>.size
    guard remaining >= size else { return nil }
    let value = unsafe source.unsafeLoadUnaligned(fromUncheckedByteOffset: cursor, as: Value.self)
    cursor &+= size
    return Value(bigEndian: value)
  }
}
