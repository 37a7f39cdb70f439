import Bytes
import Platform
package import Records

/// Reads records in order, from one offset on, up to the durable end. One owner, one thread.
///
/// Inside the daemon the durable end is known, and what lies below it must be intact: what is not is damage, which the
/// reader reports, counts and passes over to the next intact batch. From outside (`StoredLog`) checksums alone tell how
/// far the log goes.
package struct LogReader: ~Copyable, Sendable {
  /// The offset the next record has, or will have.
  package internal(set) var position: Offset

  /// Records that were no longer there, or damaged, when the reader came to them.
  package internal(set) var skippedRecords = 0

  /// Batches whose newest record is older are passed over without being decoded, segments without being read.
  package var oldest: Timestamp?

  /// The time that is being gone to: nothing older is returned before the first record of that time or later.
  var soughtTime: Timestamp?

  /// Segments that hold no topic that one of these matches are passed over, where that is known; records that match none
  /// may still be returned. Empty: every topic is wanted.
  package var filters: [TopicFilter] = []

  let segments: SegmentList
  let directory: LogDirectory
  let disk: any Disk

  var scanner: BatchScanner?
  var segmentBase: Offset = 0
  /// What the buffered bytes may be trusted for: the durable end as it was before they were read.
  var trustedEnd: Offset = 0

  /// The segment that was last looked at for whether all of it is wanted.
  var wantedSegment: (base: Offset, isWhole: Bool)?

  /// Where zeros were last searched for batches behind them.
  var searchedPosition: Offset = -1

  /// The batch that is being walked; its records are in the scanner's buffer, or unpacked.
  var header: RecordBatchHeader?
  var recordPosition = 0
  var recordsRemaining = 0
  var decompressor = BatchDecompressor()

  init(_ segments: SegmentList, directory: LogDirectory, disk: any Disk, at offset: Offset) {
    self.segments = segments
    self.directory = directory
    self.disk = disk
    position = offset
  }

  /// The next durable record, or nil when there is none yet. The record is valid until the next call.
  @_lifetime(&self)
  package mutating func next() throws(StorageError) -> Record? {
    while true {
      guard let header else {
        guard try loadBatch() else { return nil }
        continue
      }
      guard recordsRemaining > 0 else {
        finishBatch(header)
        continue
      }
      let (offset, start) = advance(header)
      if let offset, offset >= position {
        position = offset + 1
        return record(header, at: start)
      }
    }
  }

  /// Walks one record on.
  /// - Returns: its offset, nil where the records are damaged, and where its bytes start.
  mutating func advance(_ header: RecordBatchHeader) -> (offset: Offset?, start: Int) {
    let start = recordPosition
    var iterator = RecordIterator(header, records: records(header), position: start, remaining: recordsRemaining)
    let offset = iterator.next()?.offset
    let next = iterator.position
    recordPosition = next
    recordsRemaining = offset == nil ? 0 : recordsRemaining - 1
    return (offset, start)
  }

  @_lifetime(borrow self)
  borrowing func record(_ header: RecordBatchHeader, at start: Int) -> Record? {
    var iterator = RecordIterator(header, records: records(header), position: start, remaining: 1)
    return iterator.next()
  }

  @_lifetime(borrow self)
  borrowing func records(_ header: RecordBatchHeader) -> RawSpan {
    decompressor.records(header, in: scanner!)
  }

  mutating func finishBatch(_ header: RecordBatchHeader) {
    position = max(position, header.endOffset)
    scanner!.pass(header)
    self.header = nil
  }
}
