package import Bytes

/// The 61 bytes in front of the records of a batch: Kafka's record batch v2, all big-endian.
///
/// | offset | size | field | |
/// |---|---|---|---|
/// | 0 | 8 | baseOffset | offset of the first record |
/// | 8 | 4 | batchLength | bytes after this field |
/// | 12 | 4 | partitionLeaderEpoch | −1 |
/// | 16 | 1 | magic | 2 |
/// | 17 | 4 | crc | CRC-32C over byte 21 to the end |
/// | 21 | 2 | attributes | bits 0–2: codec (0 none, 4 zstd); bit 15: the records carry their identity |
/// | 23 | 4 | lastOffsetDelta | offset of the last record, less baseOffset |
/// | 27 | 8 | baseTimestamp | that of the first record |
/// | 35 | 8 | maxTimestamp | the largest |
/// | 43 | 8 | producerId | −1 in the log; the log's epoch in batches shipped over MQTT |
/// | 51 | 2 | producerEpoch | −1 |
/// | 53 | 4 | baseSequence | −1 |
/// | 57 | 4 | recordCount | |
///
/// The checksum does not cover baseOffset, batchLength, partitionLeaderEpoch and magic: the commit stamps an offset
/// without touching it. A wrong batchLength therefore shows as a wrong checksum or as a batch that does not fit.
package struct RecordBatchHeader: Hashable, Sendable {
  package static let byteCount = 61
  package static let magic: UInt8 = 2
  /// Where the bytes begin that the checksum covers.
  package static let checksumStart = 21
  /// The bytes in front of what `batchLength` counts.
  package static let lengthEnd = 12
  /// No batch is larger, on disk or on the wire: a length field above it is damage.
  package static let maximumBatchBytes = 384 << 20

  package enum Codec: UInt8, Sendable {
    case none = 0
    case zstd = 4
  }

  package var baseOffset: Offset = 0
  /// Of the whole batch, this header included.
  package var batchBytes: Int = Self.byteCount
  package var checksum: UInt32 = 0
  package var attributes: UInt16 = 0
  package var lastOffsetDelta: Int32 = 0
  package var baseTimestamp = Timestamp(milliseconds: 0)
  package var maxTimestamp = Timestamp(milliseconds: 0)
  package var producerID: Int64 = -1
  package var producerEpoch: Int16 = -1
  package var baseSequence: Int32 = -1
  package var recordCount: Int32 = 0

  package init() {}

  /// The codec of the records; nil for one Forebay does not read.
  package var codec: Codec? { Codec(rawValue: UInt8(attributes & 7)) }

  package mutating func setCodec(_ codec: Codec) {
    attributes = attributes & ~7 | UInt16(codec.rawValue)
  }

  /// Whether each record has its identity (`OffsetHeaders.identity`) behind its own headers: put there when the batch was sealed,
  /// so that it can go to Kafka as it is. `RecordIterator` leaves it out; for Kafka the bit means nothing.
  package var isIdentified: Bool {
    get { attributes & 0x8000 != 0 }
    set { attributes = newValue ? attributes | 0x8000 : attributes & ~0x8000 }
  }

  /// The offset behind the last record.
  package var endOffset: Offset { baseOffset + Offset(lastOffsetDelta) + 1 }

  /// How many bytes of records, as stored, follow the header.
  package var recordsBytes: Int { batchBytes - Self.byteCount }
}

extension RecordBatchHeader {
  /// What the bytes at the start of a batch turn out to be.
  package enum Parsed: Hashable, Sendable {
    case header(RecordBatchHeader)
    /// Fewer than 61 bytes: nothing can be said yet.
    case incomplete
    /// Not a record batch v2, or one with fields that contradict each other.
    case malformed
  }

  package static func parse(_ bytes: RawSpan) -> Parsed {
    var reader = ByteReader(bytes)
    guard bytes.byteCount >= byteCount else { return .incomplete }
    var header = RecordBatchHeader()
    header.baseOffset = reader.int64()!
    let batchLength = reader.int32()!
    _ = reader.int32()
    let magic = reader.uint8()!
    header.checksum = reader.uint32()!
    header.attributes = reader.uint16()!
    header.lastOffsetDelta = reader.int32()!
    header.baseTimestamp = Timestamp(milliseconds: reader.int64()!)
    header.maxTimestamp = Timestamp(milliseconds: reader.int64()!)
    header.producerID = reader.int64()!
    header.producerEpoch = reader.int16()!
    header.baseSequence = reader.int32()!
    header.recordCount = reader.int32()!
    header.batchBytes = lengthEnd + Int(batchLength)
    guard magic == Self.magic, header.batchBytes >= byteCount, header.batchBytes <= maximumBatchBytes,
      header.baseOffset >= 0, header.recordCount >= 0, header.lastOffsetDelta >= 0,
      header.lastOffsetDelta >= header.recordCount - 1
    else { return .malformed }
    return .header(header)
  }

  /// Whether the checksum in the header is that of `batch`, the whole batch with its header.
  package static func isIntact(_ batch: RawSpan) -> Bool {
    guard case .header(let header) = parse(batch), header.batchBytes == batch.byteCount else { return false }
    return CRC32C.checksum(of: batch.extracting(checksumStart..<batch.byteCount)) == header.checksum
  }

  /// Appends the batch made of this header and `records`; length and checksum are computed.
  package func encode(records: RawSpan, into writer: inout ByteWriter) {
    let start = writer.count
    writer.reserve(Self.byteCount + records.byteCount)
    appendFields(to: &writer)
    writer.append(records)
    Self.seal(&writer, from: start)
  }

  func appendFields(to writer: inout ByteWriter) {
    writer.append(baseOffset)
    writer.append(Int32(0))
    writer.append(Int32(-1))
    writer.append(Self.magic)
    writer.append(UInt32(0))
    writer.append(attributes)
    writer.append(lastOffsetDelta)
    writer.append(baseTimestamp.milliseconds)
    writer.append(maxTimestamp.milliseconds)
    writer.append(producerID)
    writer.append(producerEpoch)
    writer.append(baseSequence)
    writer.append(recordCount)
  }

  /// Patches length and checksum of the batch that goes from `start` to the writer's end.
  static func seal(_ writer: inout ByteWriter, from start: Int) {
    writer.patch(Int32(writer.count - start - lengthEnd), at: start + 8)
    let checksum = CRC32C.checksum(of: writer.bytes.extracting((start + checksumStart)..<writer.count))
    writer.patch(checksum, at: start + 17)
  }
}
