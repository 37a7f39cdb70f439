import Bytes
import Platform
import Records

/// Makes of a builder's records a batch as a Kafka broker has it on its disk. Keeps its memory. One owner, one thread.
struct KafkaBatchEncoder: ~Copyable {
  private let codec: RecordBatchHeader.Codec
  private var batch = ByteWriter(capacity: 64 << 10)
  private var compressed = ByteWriter(capacity: 64 << 10)
  private var compressor = ZstdCompressor()

  init(_ codec: RecordBatchHeader.Codec) {
    self.codec = codec
  }

  /// Of the batch that was encoded last.
  var byteCount: Int { batch.count }

  mutating func encode(_ builder: borrowing RecordBatchBuilder, baseOffset: Offset) {
    var header = builder.currentHeader
    header.baseOffset = baseOffset
    batch.removeAll()
    switch codec {
    case .none: header.encode(records: builder.recordBytes, into: &batch)
    case .zstd:
      compressed.removeAll()
      compressor.compress(builder.recordBytes, into: &compressed)
      header.attributes = UInt16(RecordBatchHeader.Codec.zstd.rawValue)
      Self.append(header, compressed, to: &batch)
    }
    // The partition leader's epoch, which the checksum does not cover: on a broker's disk a batch has one, the first is 0.
    batch.patch(Int32(0), at: 12)
  }

  func write(to files: inout OutputFiles) throws(SystemError) {
    try files.append(batch.bytes)
  }

  private static func append(
    _ header: RecordBatchHeader, _ records: borrowing ByteWriter, to batch: inout ByteWriter
  ) {
    header.encode(records: records.bytes, into: &batch)
  }
}
