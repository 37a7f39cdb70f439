import Platform
import Records

// Finding the next batch.
extension LogReader {
  /// Makes `header` the next batch that has something at or behind `position`; false where there is none yet.
  mutating func loadBatch() throws(StorageError) -> Bool {
    do throws(SystemError) {
      while position < segments.durableEnd {
        guard try openSegment() else { return false }
        guard let found = try findReadable() else { continue }
        switch found {
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

  func isTooOld(_ found: RecordBatchHeader) -> Bool {
    guard let limit = soughtTime ?? oldest else { return false }
    return found.maxTimestamp < limit
  }

  /// What is at the scanner's place; nil where the disk does not give it: then the reader has gone on to the next segment.
  private mutating func findReadable() throws(SystemError) -> BatchScanner.Found? {
    do throws(SystemError) {
      return try findBatch()
    } catch {
      try passUnreadable(error)
      return nil
    }
  }

  /// What is at the scanner's place, read afresh where the buffer is older than the durable end.
  mutating func findBatch() throws(SystemError) -> BatchScanner.Found {
    let found = try lookAhead()
    if case .batch(let header) = found, header.baseOffset < trustedEnd { return found }
    trustedEnd = segments.durableEnd
    scanner!.refresh()
    return try lookAhead()
  }

  /// Only the header of a batch that will be passed over anyway, the whole of one that will be read.
  mutating func lookAhead() throws(SystemError) -> BatchScanner.Found {
    let found = try scanner!.peek()
    guard case .batch(let header) = found, header.endOffset > position, !isTooOld(header) else { return found }
    return try scanner!.read()
  }

  mutating func start(_ found: RecordBatchHeader) throws(SystemError) -> Bool {
    guard found.recordCount > 0, decompressor.open(found, in: scanner!) else {
      let lost = max(position, found.baseOffset)..<found.endOffset
      if found.recordCount == 0 { skippedRecords += lost.count } else { report(lost, "they cannot be unpacked") }
      position = found.endOffset
      scanner!.pass(found)
      return false
    }
    header = found
    (recordPosition, recordsRemaining) = (0, Int(found.recordCount))
    if found.baseOffset < position || soughtTime != nil {
      (recordPosition, recordsRemaining) = Self.skip(
        to: position, from: soughtTime ?? Timestamp(milliseconds: .min), in: found,
        decompressor.records(found, in: scanner!))
    }
    if recordsRemaining > 0 { soughtTime = nil }
    return true
  }

  /// Walks over the records below `offset` and those before `time` in front of the first other one, in one go.
  /// - Returns: where that one begins, and how many records follow from there on.
  private static func skip(
    to offset: Offset, from time: Timestamp, in header: RecordBatchHeader, _ records: RawSpan
  ) -> (position: Int, remaining: Int) {
    var iterator = RecordIterator(header, records: records)
    var place = (position: 0, remaining: Int(header.recordCount))
    while let record = iterator.next(), record.offset < offset || record.timestamp < time {
      place = (iterator.position, iterator.remaining)
    }
    return place
  }
}
