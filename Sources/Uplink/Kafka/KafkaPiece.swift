import Bytes
import Platform
import Records

/// Room for a piece of a part: its records, and what they are compressed to. Kept and used again.
struct KafkaPiece: ~Copyable {
  private var builder = RecordBatchBuilder(capacity: 4 << 10)
  /// What the last `compress` has made.
  private(set) var frame = ByteWriter(capacity: 64 << 10)

  /// Takes those of `whole` that are in `records`, by their places, in order.
  /// - Returns: the header of the batch that they are.
  mutating func collect(_ whole: borrowing RecordBatchBuilder, _ records: [Int]) -> RecordBatchHeader {
    builder.reset()
    var iterator = RecordIterator(whole.currentHeader, records: whole.recordBytes)
    var place = 0
    var wanted = records[...]
    while let next = wanted.first, let record = iterator.next() {
      defer { place += 1 }
      guard place == next else { continue }
      wanted.removeFirst()
      builder.append(record)
    }
    return builder.currentHeader
  }

  /// Compresses what was collected.
  mutating func compress(_ compressor: inout ZstdCompressor) {
    frame.removeAll()
    Self.compress(builder, &compressor, into: &frame)
  }

  /// Compresses all of a part's records.
  mutating func compress(_ whole: borrowing RecordBatchBuilder, _ compressor: inout ZstdCompressor) {
    frame.removeAll()
    Self.compress(whole, &compressor, into: &frame)
  }

  private static func compress(
    _ builder: borrowing RecordBatchBuilder, _ compressor: inout ZstdCompressor, into frame: inout ByteWriter
  ) {
    compressor.compress(builder.recordBytes, into: &frame)
  }
}
