import Bytes
import Platform
package import Records

/// Looks into batches whose checksum is right: whether the records decode, and agree with their header.
///
/// Keeps the memory that it unpacks into, which is as large as the largest batch. One owner, one thread.
package struct BatchCheck: ~Copyable {
  private var unpacked = ByteWriter(capacity: 64 << 10)
  private var decompressor = ZstdDecompressor()

  package init() {}

  /// What is wrong inside `batch`, the whole batch with its header; nil: nothing.
  /// - Parameter record: called with each record, in order, up to the first that is wrong.
  package mutating func problem(
    in batch: RawSpan, _ header: RecordBatchHeader, _ record: (borrowing Record) -> Void = { _ in }
  ) -> BatchProblem? {
    let stored = batch.extracting(RecordBatchHeader.byteCount..<header.batchBytes)
    switch header.codec {
    case RecordBatchHeader.Codec.none?:
      return Self.problem(inRecords: stored, header, record)
    case .zstd?:
      do throws(ZstdError) {
        unpacked.removeAll()
        try decompressor.decompress(stored, into: &unpacked, limit: RecordBatchHeader.maximumBatchBytes)
      } catch {
        return .cannotUnpack(error)
      }
      return Self.problem(inRecords: unpacked.bytes, header, record)
    case nil:
      return .unknownCodec(Int(header.attributes & 7))
    }
  }

  private static func problem(
    inRecords records: RawSpan, _ header: RecordBatchHeader, _ visit: (borrowing Record) -> Void
  ) -> BatchProblem? {
    var iterator = RecordIterator(header, records: records)
    var next = header.baseOffset
    for index in 0..<Int(header.recordCount) {
      guard let record = iterator.next() else { return .badRecord(index, .malformed) }
      if let problem = problem(with: record, next: next, header) { return .badRecord(index, problem) }
      next = record.offset + 1
      visit(record)
    }
    let rest = records.byteCount - iterator.position
    return rest == 0 ? nil : .trailingBytes(rest)
  }

  private static func problem(
    with record: borrowing Record, next: Offset, _ header: RecordBatchHeader
  ) -> BatchProblem.RecordProblem? {
    if record.offset < next { return .offset }
    if !UTF8Validation.isValid(record.topic) { return .topic }
    if !areWhole(record.headerBytes, count: record.headerCount) { return .headers }
    return record.timestamp > header.maxTimestamp ? .newer : nil
  }

  private static func areWhole(_ headers: RawSpan, count: Int) -> Bool {
    var reader = ByteReader(headers)
    for _ in 0..<count {
      guard reader.skipHeader() else { return false }
    }
    return reader.isAtEnd
  }
}
