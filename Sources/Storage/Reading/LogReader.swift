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
  package private(set) var position: Offset

  /// Records that were no longer there, or damaged, when the reader came to them.
  package private(set) var skippedRecords = 0

  /// Batches whose newest record is older are passed over without being decoded.
  package var oldest: Timestamp?

  private let segments: SegmentList
  private let directory: LogDirectory
  private let disk: any Disk

  private var scanner: BatchScanner?
  private var segmentBase: Offset = 0
  /// What the buffered bytes may be trusted for: the durable end as it was before they were read.
  private var trustedEnd: Offset = 0

  /// Where zeros were last searched for batches behind them.
  private var searchedPosition: Offset = -1

  /// The batch that is being walked; its records are in the scanner's buffer, or unpacked.
  private var header: RecordBatchHeader?
  private var recordPosition = 0
  private var recordsRemaining = 0
  private var unpacked = ByteWriter(capacity: 16)
  private var decompressor: ZstdDecompressor?

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

  /// Goes to `offset`, back or forth.
  package mutating func seek(to offset: Offset) {
    position = offset
    scanner = nil
    header = nil
  }

  /// Walks one record on.
  /// - Returns: its offset, nil where the records are damaged, and where its bytes start.
  private mutating func advance(_ header: RecordBatchHeader) -> (offset: Offset?, start: Int) {
    let start = recordPosition
    var iterator = RecordIterator(header, records: records(header), position: start, remaining: recordsRemaining)
    let offset = iterator.next()?.offset
    let next = iterator.position
    recordPosition = next
    recordsRemaining = offset == nil ? 0 : recordsRemaining - 1
    return (offset, start)
  }

  @_lifetime(borrow self)
  private borrowing func record(_ header: RecordBatchHeader, at start: Int) -> Record? {
    var iterator = RecordIterator(header, records: records(header), position: start, remaining: 1)
    return iterator.next()
  }

  @_lifetime(borrow self)
  private borrowing func records(_ header: RecordBatchHeader) -> RawSpan {
    if header.codec != RecordBatchHeader.Codec.none { return unpacked.bytes }
    return scanner!.batch(header).extracting(RecordBatchHeader.byteCount..<header.batchBytes)
  }

  private mutating func finishBatch(_ header: RecordBatchHeader) {
    position = max(position, header.endOffset)
    scanner!.pass(header)
    self.header = nil
  }
}

// Finding the next batch.
extension LogReader {
  /// Makes `header` the next batch that has something at or behind `position`; false where there is none yet.
  private mutating func loadBatch() throws(StorageError) -> Bool {
    do throws(SystemError) {
      while position < segments.durableEnd {
        guard try openSegment() else { return false }
        switch try findBatch() {
        case .batch(let found):
          if found.endOffset <= position || isTooOld(found) {
            position = max(position, found.endOffset)
            scanner!.pass(found)
          } else if try start(found) {
            return true
          }
        case .end:
          guard try passEnd() else { return false }
        case .damage:
          guard try passDamage() else { return false }
        }
      }
      return false
    } catch {
      throw .disk(error)
    }
  }

  private func isTooOld(_ found: RecordBatchHeader) -> Bool {
    guard let oldest else { return false }
    return found.maxTimestamp < oldest
  }

  /// Opens the segment that has `position`, unless it is open. False where retention has taken it meanwhile.
  private mutating func openSegment() throws(SystemError) -> Bool {
    if scanner != nil { return true }
    guard let segment = segments.segment(containing: position) else { return false }
    if segment.base > position {
      skippedRecords += Int(segment.base - position)
      position = segment.base
    }
    do throws(SystemError) {
      trustedEnd = segments.durableEnd
      let path = directory.segments + "/" + SegmentName.fileName(base: segment.base)
      scanner = BatchScanner(try disk.open(path, .read), base: segment.base)
      segmentBase = segment.base
    } catch {
      guard error.isNotFound else { throw error }
      try refreshList()
      // Still listed and not there: somebody removed a file by hand. What follows it can be read.
      if segments.segment(containing: position)?.base == segment.base {
        guard let next = segments.base(after: segment.base) else { return false }
        skippedRecords += Int(next - position)
        position = next
      }
      return try openSegment()
    }
    return true
  }

  /// What is at the scanner's place, read afresh where the buffer is older than the durable end.
  private mutating func findBatch() throws(SystemError) -> BatchScanner.Found {
    let found = try lookAhead()
    if case .batch(let header) = found, header.baseOffset < trustedEnd { return found }
    trustedEnd = segments.durableEnd
    scanner!.refresh()
    return try lookAhead()
  }

  /// Only the header of a batch that will be passed over anyway, the whole of one that will be read.
  private mutating func lookAhead() throws(SystemError) -> BatchScanner.Found {
    let found = try scanner!.peek()
    guard case .batch(let header) = found, header.endOffset > position, !isTooOld(header) else { return found }
    return try scanner!.read()
  }

  private mutating func start(_ found: RecordBatchHeader) throws(SystemError) -> Bool {
    if found.codec != RecordBatchHeader.Codec.none {
      guard found.codec == .zstd, unpack(found) else {
        report(found.baseOffset..<found.endOffset, "its records cannot be unpacked")
        position = found.endOffset
        scanner!.pass(found)
        return false
      }
    }
    header = found
    recordPosition = 0
    recordsRemaining = Int(found.recordCount)
    return true
  }

  private mutating func unpack(_ found: RecordBatchHeader) -> Bool {
    var output = ByteWriter(capacity: 0)
    swap(&output, &unpacked)
    output.removeAll()
    var unpacker = decompressor.take() ?? ZstdDecompressor()
    let isWhole: Bool
    do throws(ZstdError) {
      let frame = scanner!.batch(found).extracting(RecordBatchHeader.byteCount..<found.batchBytes)
      try unpacker.decompress(frame, into: &output, limit: RecordBatchHeader.maximumBatchBytes)
      isWhole = true
    } catch {
      isWhole = false
    }
    decompressor = consume unpacker
    unpacked = output
    return isWhole
  }

  /// The end of the file, or zeros: of the segment's batches, or damage in front of more of them. False where there is
  /// nothing behind yet.
  private mutating func passEnd() throws(SystemError) -> Bool {
    try refreshList()
    if segments.base(after: segmentBase) == position {
      scanner = nil
      return true
    }
    // Zeros behind the newest batch are room for the next. That must not be searched at every look.
    guard position != searchedPosition else { return false }
    searchedPosition = position
    return try passDamage()
  }

  /// Leaves the segment, whose batches have all been read. False where there is no newer one yet.
  private mutating func enterNextSegment() -> Bool {
    let name = SegmentName.fileName(base: segmentBase)
    guard let next = segments.base(after: segmentBase) else {
      guard segments.durableEnd != Offset.max else { return false }
      // The durable end is past what the newest segment has: the rest of it is damaged away.
      guard position < trustedEnd else { return false }
      report(position..<trustedEnd, "they are missing at the end of \(name)")
      position = trustedEnd
      return false
    }
    if position < next {
      report(position..<next, "they are missing at the end of \(name)")
      position = next
    }
    scanner = nil
    return true
  }

  /// Passes over bytes that are no intact batch. False where they may yet become one.
  private mutating func passDamage() throws(SystemError) -> Bool {
    let name = SegmentName.fileName(base: segmentBase)
    let isOutside = segments.durableEnd == Offset.max
    let (isFound, damage) = try scanner!.resynchronise(minimum: position)
    if isFound {
      guard case .batch(let header) = try scanner!.peek() else { return true }
      report(position..<header.baseOffset, "\(name) is damaged at byte \(damage.lowerBound)")
      position = max(position, header.baseOffset)
      return true
    }
    if enterNextSegment() { return true }
    // Seen from outside, the newest bytes may be a batch that is just being written.
    if isOutside { scanner = nil }
    return false
  }

  private mutating func report(_ lost: Range<Offset>, _ reason: String) {
    guard !lost.isEmpty else { return }
    skippedRecords += lost.count
    Journal.warning("records \(lost.lowerBound) to \(lost.upperBound - 1) cannot be read: \(reason)")
  }

  /// From outside, the list of segments is as old as the reader; inside, the commit keeps it.
  private mutating func refreshList() throws(SystemError) {
    if segments.durableEnd == Offset.max { segments.replaceAll(try directory.listSegments(disk)) }
  }
}
