import Bytes
import Platform

/// Reads a segment as Kafka's own tools do, written from Kafka's description of the record batch v2 and sharing no code
/// with what writes it: every field is checked, whatever is unusual is an error.
package struct KafkaSegmentReader {
  package struct Batch: Hashable {
    package var baseOffset: Int64 = 0
    package var partitionLeaderEpoch: Int32 = 0
    package var codec = 0
    package var lastOffsetDelta: Int32 = 0
    package var baseTimestamp: Int64 = 0
    package var maxTimestamp: Int64 = 0
    package var producerID: Int64 = 0
    package var producerEpoch: Int16 = 0
    package var baseSequence: Int32 = 0
    package var records: [Record] = []
  }

  package struct Record: Hashable {
    package let offset: Int64
    package let timestamp: Int64
    /// Nil: null.
    package let key: [UInt8]?
    package let value: [UInt8]?
    package let headers: [Header]

    package init(offset: Int64, timestamp: Int64, key: [UInt8]?, value: [UInt8]?, headers: [Header]) {
      self.offset = offset
      self.timestamp = timestamp
      self.key = key
      self.value = value
      self.headers = headers
    }
  }

  package struct Header: Hashable {
    package let key: String
    package let value: [UInt8]?

    package init(key: String, value: [UInt8]?) {
      self.key = key
      self.value = value
    }
  }

  private let bytes: [UInt8]
  private var position = 0

  /// Every batch of the segment, whose offsets must rise.
  package static func read(_ bytes: [UInt8]) throws -> [Batch] {
    var reader = KafkaSegmentReader(bytes)
    var batches: [Batch] = []
    var next: Int64 = 0
    while reader.position < bytes.count {
      let batch = try reader.batch()
      guard batch.baseOffset >= next else { throw TestFailure("offset \(batch.baseOffset) after \(next - 1)") }
      next = batch.baseOffset + Int64(batch.lastOffsetDelta) + 1
      batches.append(batch)
    }
    return batches
  }

  private init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  private mutating func batch() throws -> Batch {
    var batch = Batch()
    batch.baseOffset = try integer()
    let length: Int32 = try integer()
    let end = position + Int(length)
    guard length >= 49, end <= bytes.count else { throw TestFailure("a batch of \(length) bytes") }
    batch.partitionLeaderEpoch = try integer()
    guard try integer() as UInt8 == 2 else { throw TestFailure("not magic 2") }
    let checksum: UInt32 = try integer()
    guard Self.crc32c(bytes[position..<end]) == checksum else { throw TestFailure("wrong checksum") }
    let attributes: UInt16 = try integer()
    guard attributes & ~7 == 0 else { throw TestFailure("attributes \(attributes)") }
    batch.codec = Int(attributes)
    batch.lastOffsetDelta = try integer()
    batch.baseTimestamp = try integer()
    batch.maxTimestamp = try integer()
    batch.producerID = try integer()
    batch.producerEpoch = try integer()
    batch.baseSequence = try integer()
    let count: Int32 = try integer()
    let stored = Array(bytes[position..<end])
    position = end
    var records = KafkaSegmentReader(try Self.unpack(stored, codec: batch.codec))
    for _ in 0..<count { batch.records.append(try records.record(of: batch)) }
    guard records.position == records.bytes.count else { throw TestFailure("bytes behind the last record") }
    try Self.check(batch)
    return batch
  }

  private static func check(_ batch: Batch) throws {
    guard let last = batch.records.last else { throw TestFailure("a batch without records") }
    guard last.offset == batch.baseOffset + Int64(batch.lastOffsetDelta) else {
      throw TestFailure("lastOffsetDelta \(batch.lastOffsetDelta), last offset \(last.offset)")
    }
    guard batch.records.map(\.timestamp).max() == batch.maxTimestamp, batch.records[0].timestamp == batch.baseTimestamp
    else { throw TestFailure("the batch's times are not those of its records") }
    for (record, next) in zip(batch.records, batch.records.dropFirst()) where record.offset >= next.offset {
      throw TestFailure("offset \(next.offset) after \(record.offset)")
    }
  }

  private mutating func record(of batch: Batch) throws -> Record {
    let length = try varint()
    let end = position + Int(length)
    guard try integer() as UInt8 == 0 else { throw TestFailure("record attributes") }
    let timestamp = batch.baseTimestamp + (try varint())
    let offset = batch.baseOffset + (try varint())
    let key = try blob()
    let value = try blob()
    var headers: [Header] = []
    for _ in 0..<(try varint()) {
      guard let name = try blob() else { throw TestFailure("a header without a key") }
      headers.append(Header(key: String(decoding: name, as: UTF8.self), value: try blob()))
    }
    guard position == end else { throw TestFailure("a record of \(length) bytes ends at \(position), not \(end)") }
    return Record(offset: offset, timestamp: timestamp, key: key, value: value, headers: headers)
  }

  private mutating func blob() throws -> [UInt8]? {
    let length = Int(try varint())
    guard length >= -1, position + length <= bytes.count else { throw TestFailure("a field of \(length) bytes") }
    guard length >= 0 else { return nil }
    defer { position += length }
    return Array(bytes[position..<(position + length)])
  }

  private mutating func varint() throws -> Int64 {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), through: 63, by: 7) {
      let byte: UInt8 = try integer()
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1) }
    }
    throw TestFailure("a number of more than ten bytes")
  }

  private mutating func integer<Value: FixedWidthInteger>() throws -> Value {
    let size = Value.bitWidth / 8
    guard position + size <= bytes.count else { throw TestFailure("the bytes end at \(bytes.count)") }
    defer { position += size }
    return bytes[position..<(position + size)].reduce(Value(0)) { value, byte in
      (size > 1 ? value << 8 : 0) | Value(truncatingIfNeeded: byte)
    }
  }

  private static func unpack(_ stored: [UInt8], codec: Int) throws -> [UInt8] {
    switch codec {
    case 0: return stored
    case 4:
      var unpacked = ByteWriter()
      var decompressor = ZstdDecompressor()
      try decompressor.decompress(stored.span.bytes, into: &unpacked, limit: 64 << 20)
      return unpacked.array
    default: throw TestFailure("codec \(codec)")
    }
  }

  /// Castagnoli's polynomial, reflected, bit by bit.
  private static func crc32c(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    ~bytes.reduce(UInt32.max) { checksum, byte in
      (0..<8).reduce(checksum ^ UInt32(byte)) { rest, _ in rest & 1 == 1 ? rest >> 1 ^ 0x82F6_3B78 : rest >> 1 }
    }
  }
}
