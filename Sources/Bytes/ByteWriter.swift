/// Memory of its own that fields are appended to, big-endian; kept and used again after `removeAll()`.
///
/// Grows by doubling; a writer that has reached its working size allocates nothing. One owner, one thread at a time.
package struct ByteWriter: ~Copyable, @unchecked Sendable {
  // Unchecked: the memory is reachable only through this one non-copyable owner.
  @usableFromInline
  var memory: UnsafeMutableRawBufferPointer

  /// How many bytes have been written.
  @usableFromInline
  var written = 0

  package init(capacity: Int = 256) {
    memory = .allocate(byteCount: max(capacity, 16), alignment: 16)
  }

  deinit {
    memory.deallocate()
  }

  @inlinable
  package var count: Int { written }

  @inlinable
  package var isEmpty: Bool { written == 0 }

  @inlinable
  package var capacity: Int { memory.count }

  /// What has been written, in place.
  @inlinable
  package var bytes: RawSpan {
    @_lifetime(borrow self)
    get {
      let span = unsafe RawSpan(_unsafeStart: memory.baseAddress!, byteCount: written)
      return unsafe _overrideLifetime(span, borrowing: self)
    }
  }

  /// What has been written, as an array of its own.
  package var array: [UInt8] { Array(UnsafeRawBufferPointer(rebasing: memory[..<written])) }

  /// Forgets what was written and keeps the memory.
  @inlinable
  package mutating func removeAll() { written = 0 }

  /// Forgets everything after the first `count` bytes.
  @inlinable
  package mutating func truncate(to count: Int) {
    precondition(count >= 0 && count <= written)
    written = count
  }

  /// Forgets the first `count` bytes and moves the rest to the front.
  package mutating func removeFirst(_ count: Int) {
    precondition(count >= 0 && count <= written)
    guard count > 0 else { return }
    memory.baseAddress!.copyMemory(from: memory.baseAddress! + count, byteCount: written - count)
    written -= count
  }

  /// Makes room for `count` more bytes.
  @inlinable
  package mutating func reserve(_ count: Int) {
    if memory.count &- written < count { grow(by: count) }
  }

  @inlinable
  package mutating func append(_ byte: UInt8) {
    reserve(1)
    unsafe memory.baseAddress!.storeBytes(of: byte, toByteOffset: written, as: UInt8.self)
    written &+= 1
  }

  @inlinable
  package mutating func append(_ bytes: RawSpan) {
    let count = bytes.byteCount
    guard count > 0 else { return }
    reserve(count)
    bytes.withUnsafeBytes { source in
      (memory.baseAddress! + written).copyMemory(from: source.baseAddress!, byteCount: count)
    }
    written &+= count
  }

  package mutating func append(_ bytes: [UInt8]) {
    append(bytes.span.bytes)
  }

  /// Appends the UTF-8 of `text`.
  package mutating func append(_ text: String) {
    append(text.utf8.span.bytes)
  }

  /// Appends the characters of a literal without making a string of it.
  package mutating func append(literal: StaticString) {
    literal.withUTF8Buffer { append(RawSpan(_unsafeElements: $0)) }
  }

  @inlinable
  package mutating func append(_ value: UInt16) { appendInteger(value) }
  @inlinable
  package mutating func append(_ value: UInt32) { appendInteger(value) }
  @inlinable
  package mutating func append(_ value: UInt64) { appendInteger(value) }
  @inlinable
  package mutating func append(_ value: Int16) { appendInteger(UInt16(bitPattern: value)) }
  @inlinable
  package mutating func append(_ value: Int32) { appendInteger(UInt32(bitPattern: value)) }
  @inlinable
  package mutating func append(_ value: Int64) { appendInteger(UInt64(bitPattern: value)) }

  @inlinable
  package mutating func append(varUInt value: UInt64) {
    reserve(VarInt.maximumBytes)
    var value = value
    while value >= 0x80 {
      unsafe memory.baseAddress!.storeBytes(
        of: UInt8(truncatingIfNeeded: value) | 0x80, toByteOffset: written, as: UInt8.self)
      written &+= 1
      value >>= 7
    }
    unsafe memory.baseAddress!.storeBytes(of: UInt8(truncatingIfNeeded: value), toByteOffset: written, as: UInt8.self)
    written &+= 1
  }

  /// Kafka's varint and varlong.
  @inlinable
  package mutating func append(varInt value: Int64) {
    append(varUInt: VarInt.zigZag(value))
  }

  /// Appends `value` in decimal digits.
  package mutating func append(decimal value: Int64) {
    if value < 0 { append(UInt8(ascii: "-")) }
    append(decimal: value.magnitude, minimumDigits: 1)
  }

  /// Appends `value` in decimal digits, padded with zeros to at least `minimumDigits`.
  package mutating func append(decimal value: UInt64, minimumDigits: Int) {
    var digits = 1
    var rest = value / 10
    while rest > 0 {
      digits += 1
      rest /= 10
    }
    let width = max(digits, minimumDigits)
    reserve(width)
    rest = value
    for position in stride(from: written + width - 1, through: written, by: -1) {
      memory[position] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
      rest /= 10
    }
    written += width
  }

  /// Overwrites the field at `offset`, which must have been written.
  @inlinable
  package mutating func patch<Value: FixedWidthInteger & BitwiseCopyable>(_ value: Value, at offset: Int) {
    precondition(offset >= 0 && offset &+ MemoryLayout<Value>.size <= written)
    unsafe memory.baseAddress!.storeBytes(of: value.bigEndian, toByteOffset: offset, as: Value.self)
  }

  /// Lets `fill` write up to `capacity` bytes behind what is there and keeps as many as it says it wrote.
  /// For reads from a socket or file straight into the buffer.
  package mutating func append<Failure: Error>(
    upTo capacity: Int, _ fill: (UnsafeMutableRawBufferPointer) throws(Failure) -> Int
  ) throws(Failure) -> Int {
    reserve(capacity)
    let room = UnsafeMutableRawBufferPointer(rebasing: memory[written..<(written + capacity)])
    let filled = try fill(room)
    precondition(filled >= 0 && filled <= capacity)
    written += filled
    return filled
  }

  @inlinable
  mutating func appendInteger<Value: FixedWidthInteger & BitwiseCopyable>(_ value: Value) {
    let size = MemoryLayout<Value>.size
    reserve(size)
    unsafe memory.baseAddress!.storeBytes(of: value.bigEndian, toByteOffset: written, as: Value.self)
    written &+= size
  }

  @usableFromInline
  mutating func grow(by count: Int) {
    let larger = UnsafeMutableRawBufferPointer.allocate(
      byteCount: max(memory.count * 2, written + count), alignment: 16)
    larger.baseAddress!.copyMemory(from: memory.baseAddress!, byteCount: written)
    memory.deallocate()
    memory = larger
  }
}
