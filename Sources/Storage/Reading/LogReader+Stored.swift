package import Bytes
import Platform
package import Records

// Batches as they are stored, for whoever passes them on whole.
extension LogReader {
  /// Moves behind the next batch and appends its records, as they are compressed, to `frame`: where that batch begins at
  /// `position`, is compressed, has every offset from there to its end, and lies in a segment whose every topic one of `filters`
  /// matches. Nothing is unpacked.
  /// - Parameter limit: it must have no more records, and end at or below the offset.
  /// - Returns: the batch's header; nil, with nothing moved, where the next batch is not such a one.
  package mutating func takeStoredBatch(
    into frame: inout ByteWriter, limit: (records: Int, end: Offset)
  ) throws(StorageError) -> RecordBatchHeader? {
    guard header == nil, soughtTime == nil else { return nil }
    do throws(SystemError) {
      guard let found = try findStored(limit) else { return nil }
      frame.append(scanner!.batch(found).extracting(RecordBatchHeader.byteCount..<found.batchBytes))
      position = found.endOffset
      scanner!.pass(found)
      return found
    } catch {
      // Whoever reads the records comes upon the same, and knows how to pass it.
      return nil
    }
  }

  private mutating func findStored(
    _ limit: (records: Int, end: Offset)
  ) throws(SystemError) -> RecordBatchHeader? {
    while position < segments.durableEnd {
      guard try openSegment(), areAllWanted(segmentBase) else { return nil }
      let found = try findBatch()
      // The segment's end, where another begins there.
      if found == .end, segments.base(after: segmentBase) == position {
        scanner = nil
        continue
      }
      guard case .batch(let header) = found, header.codec == .zstd, header.baseOffset == position,
        header.endOffset <= limit.end, Int(header.recordCount) <= limit.records,
        header.recordCount == header.lastOffsetDelta + 1
      else { return nil }
      return header
    }
    return nil
  }

  /// Whether all of the segment is wanted, by the list of topics beside it; looked up once for each segment.
  private mutating func areAllWanted(_ base: Offset) -> Bool {
    if let known = wantedSegment, known.base == base { return known.isWhole }
    let segment = segments.segment(containing: base)
    let isWhole = segment.map { $0.isSealed && directory.matchesWholly(filters, $0, disk) } ?? false
    wantedSegment = (base, isWhole)
    return isWhole
  }
}
