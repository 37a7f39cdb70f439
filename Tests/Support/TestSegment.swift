import Bytes
import Platform
package import Records

/// A segment made by a test, batch by batch, with the places of its batches to damage them.
package struct TestSegment: ~Copyable {
  package let base: Offset
  package private(set) var end: Offset
  /// Where each batch begins.
  package private(set) var starts: [Int] = []
  private var writer = ByteWriter(capacity: 4096)

  package init(base: Offset = 0) {
    self.base = base
    end = base
  }

  package var bytes: [UInt8] { writer.array }
  package var fileName: String { String(repeating: "0", count: 20 - String(base).count) + "\(base).log" }

  /// The bytes of batch `index`.
  package func range(_ index: Int) -> Range<Int> {
    starts[index]..<(index + 1 < starts.count ? starts[index + 1] : writer.count)
  }

  /// Adds a batch of `count` records, `record N` with topic `t/N % 3`, N being the offset and the time in seconds.
  package mutating func add(_ count: Int, codec: RecordBatchHeader.Codec = .none) {
    let (header, records) = Self.records(from: end, count)
    add(header, records: records, codec: codec)
  }

  /// Adds a batch without records, which holds the place of `count` lost ones.
  package mutating func addPlaceholder(_ count: Int) {
    var header = RecordBatchHeader()
    header.lastOffsetDelta = Int32(count - 1)
    add(header, records: [])
  }

  /// Adds a batch with whatever header and records; base offset, codec, length and checksum are set.
  package mutating func add(
    _ header: RecordBatchHeader, records: [UInt8], codec: RecordBatchHeader.Codec = .none
  ) {
    var header = header
    header.baseOffset = end
    starts.append(writer.count)
    switch codec {
    case .none: header.encode(records: records.span.bytes, into: &writer)
    case .zstd:
      var frame = ByteWriter()
      var compressor = ZstdCompressor()
      compressor.compress(records.span.bytes, into: &frame)
      header.attributes = UInt16(RecordBatchHeader.Codec.zstd.rawValue)
      header.encode(records: frame.bytes, into: &writer)
    }
    end = header.endOffset
  }

  /// The records of a batch of `count` and a header that fits them.
  package static func records(from first: Offset, _ count: Int) -> (header: RecordBatchHeader, records: [UInt8]) {
    var builder = RecordBatchBuilder()
    for offset in first..<(first + Offset(count)) {
      builder.append(
        topic: "t/\(offset % 3)".utf8.span.bytes, payload: "record \(offset)".utf8.span.bytes,
        at: Timestamp(milliseconds: 1_700_000_000_000 + 1000 * offset))
    }
    return (builder.currentHeader, builder.recordBytes.array)
  }
}
