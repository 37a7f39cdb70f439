import Bytes
import Platform
import Records

/// Packs records into large compressed batches, of about 512 KiB before compression, without changing their offsets. Where they
/// are to carry their identity, that comes on top.
/// One owner, one thread.
struct BatchPacker: ~Copyable {
  private static let targetBytes = 512 << 10

  private var builder = RecordBatchBuilder(capacity: targetBytes + (64 << 10))
  private var base: Offset = 0
  private let identity: OffsetHeaders?
  /// Bytes of the batch that are the records' identities, and room for a record's headers with it.
  private var identityBytes = 0
  private var headers = ByteWriter(capacity: 256)
  private var compressor: ZstdCompressor
  private var packed = ByteWriter(capacity: 256 << 10)

  init(_ identity: OffsetHeaders? = nil, _ effort: ZstdCompressor.Effort = .quick) {
    self.identity = identity
    compressor = ZstdCompressor(effort)
  }

  var isEmpty: Bool { builder.isEmpty }
  var isFull: Bool { builder.byteCount - identityBytes >= Self.targetBytes }

  /// Adds `record`, which must be behind those before.
  /// - Parameter first: where a batch that begins with it has its base: the first offset not covered yet.
  /// - Returns: false where its offset is so far from the batch's base that it needs another; nothing was added.
  mutating func add(_ record: borrowing Record, first: Offset) -> Bool {
    if builder.isEmpty { base = first }
    guard record.offset - base < Offset(Int32.max) else { return false }
    let delta = Int(record.offset - base)
    guard let identity else {
      builder.append(record, offsetDelta: delta)
      return true
    }
    headers.removeAll()
    headers.append(record.headerBytes)
    identity.append(to: &headers, offset: record.offset)
    identityBytes += headers.count - record.headerBytes.byteCount
    Self.append(record, headerCount: record.headerCount + identity.count, headers, delta, to: &builder)
    return true
  }

  private static func append(
    _ record: borrowing Record, headerCount: Int, _ headers: borrowing ByteWriter, _ delta: Int,
    to builder: inout RecordBatchBuilder
  ) {
    builder.append(
      topic: record.topic, payload: record.payload, at: record.timestamp, headerCount: headerCount,
      headerBytes: headers.bytes, offsetDelta: delta)
  }

  /// Ends the batch that is being packed, which must not be empty, and appends it to `output`.
  /// - Parameter end: the offset up to which it covers, its last record's or above.
  mutating func finish(end: Offset, into output: inout ByteWriter) -> RecordBatchHeader {
    var header = builder.currentHeader
    header.baseOffset = base
    header.lastOffsetDelta = Int32(clamping: end - base - 1)
    header.isIdentified = identity != nil
    packed.removeAll()
    Self.compress(builder, &compressor, into: &packed)
    // What does not compress is stored as it is, and read without unpacking.
    if packed.count < header.recordsBytes {
      header.setCodec(.zstd)
      header.encode(records: packed.bytes, into: &output)
      header.batchBytes = RecordBatchHeader.byteCount + packed.count
    } else {
      header.encode(records: builder.recordBytes, into: &output)
    }
    builder.reset()
    identityBytes = 0
    return header
  }

  private static func compress(
    _ builder: borrowing RecordBatchBuilder, _ compressor: inout ZstdCompressor, into packed: inout ByteWriter
  ) {
    compressor.compress(builder.recordBytes, into: &packed)
  }
}
