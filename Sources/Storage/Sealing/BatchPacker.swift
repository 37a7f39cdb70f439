import Bytes
import Platform
import Records

/// Packs records into large compressed batches, of about 512 KiB before compression, without changing their offsets.
/// One owner, one thread.
struct BatchPacker: ~Copyable {
  private static let targetBytes = 512 << 10

  private var builder = RecordBatchBuilder(capacity: targetBytes + (64 << 10))
  private var base: Offset = 0
  private var compressor = ZstdCompressor(.quick)
  private var packed = ByteWriter(capacity: 256 << 10)

  var isEmpty: Bool { builder.isEmpty }
  var isFull: Bool { builder.byteCount >= Self.targetBytes }

  /// Adds `record`, which must be behind those before.
  /// - Parameter first: where a batch that begins with it has its base: the first offset not covered yet.
  /// - Returns: false where its offset is so far from the batch's base that it needs another; nothing was added.
  mutating func add(_ record: borrowing Record, first: Offset) -> Bool {
    if builder.isEmpty { base = first }
    guard record.offset - base < Offset(Int32.max) else { return false }
    builder.append(record, offsetDelta: Int(record.offset - base))
    return true
  }

  /// Ends the batch that is being packed, which must not be empty, and appends it to `output`.
  /// - Parameter end: the offset up to which it covers, its last record's or above.
  mutating func finish(end: Offset, into output: inout ByteWriter) -> RecordBatchHeader {
    var header = builder.currentHeader
    header.baseOffset = base
    header.lastOffsetDelta = Int32(clamping: end - base - 1)
    packed.removeAll()
    Self.compress(builder, &compressor, into: &packed)
    // What does not compress is stored as it is, and read without unpacking.
    if packed.count < header.recordsBytes {
      header.attributes = UInt16(RecordBatchHeader.Codec.zstd.rawValue)
      header.encode(records: packed.bytes, into: &output)
      header.batchBytes = RecordBatchHeader.byteCount + packed.count
    } else {
      header.encode(records: builder.recordBytes, into: &output)
    }
    builder.reset()
    return header
  }

  private static func compress(
    _ builder: borrowing RecordBatchBuilder, _ compressor: inout ZstdCompressor, into packed: inout ByteWriter
  ) {
    compressor.compress(builder.recordBytes, into: &packed)
  }
}
