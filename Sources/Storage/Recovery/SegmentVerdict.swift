import Bytes
package import Platform
package import Records

/// What a segment's bytes turn out to be, read from its first batch to its last.
package enum SegmentVerdict: Hashable, Sendable {
  /// Intact batches to `end`, one continuing the other; behind them nothing, or the zeros of preallocation.
  case clean(end: Int, endOffset: Offset)
  /// Intact batches to `end`; behind them `tornBytes` bytes of batches that never became whole. Their sync had not
  /// returned, so that nothing in them was acknowledged, unless the medium has changed what was whole.
  case tornTail(end: Int, endOffset: Offset, tornBytes: Int)
  /// Bytes that are no intact batch, and intact batches behind them again: not a crash but a damaged medium, or a crash
  /// whose later writes reached the disk before earlier ones.
  case damagedMiddle(end: Int, endOffset: Offset, damage: [Range<Int>])
  /// The first batch has a magic number that this version does not know: a newer one wrote it.
  case unknownVersion(magic: UInt8)

  /// The offset behind the last intact record; the segment's base for `unknownVersion`.
  package func endOffset(base: Offset) -> Offset {
    switch self {
    case .clean(_, let offset), .tornTail(_, let offset, _), .damagedMiddle(_, let offset, _): offset
    case .unknownVersion: base
    }
  }

  /// The verdict on `scanner`'s file, of which every batch is read and checked.
  /// - Parameters:
  ///   - limit: no record of the segment has this offset or one above: the base of the next segment.
  ///   - progress: called with each intact batch's header and where in the file it begins.
  package static func judge(
    _ scanner: inout BatchScanner, limit: Offset = .max, progress: (RecordBatchHeader, Int) -> Void = { _, _ in }
  ) throws(SystemError) -> SegmentVerdict {
    if let magic = try scanner.newerMagic() { return .unknownVersion(magic: magic) }
    var endOffset = scanner.base
    var damage: [Range<Int>] = []
    while true {
      let position = scanner.position
      let found = try scanner.read()
      if case .batch(let header) = found, header.baseOffset >= endOffset, header.endOffset <= limit {
        progress(header, position)
        endOffset = header.endOffset
        scanner.pass(header)
        continue
      }
      if found == .end, try scanner.isZeroToTheEnd() {
        return damage.isEmpty
          ? .clean(end: position, endOffset: endOffset)
          : .damagedMiddle(end: position, endOffset: endOffset, damage: damage)
      }
      let (isFound, damaged) = try scanner.resynchronise(minimum: endOffset, limit: limit)
      guard isFound else {
        return damage.isEmpty
          ? .tornTail(end: position, endOffset: endOffset, tornBytes: damaged.count)
          : .damagedMiddle(end: position, endOffset: endOffset, damage: damage + [damaged])
      }
      damage.append(damaged)
    }
  }
}

extension BatchScanner {
  /// The magic number of a segment that only a newer version can read: its first batches make sense in the fields that
  /// every version has had, and agree on a larger number than ours. One flipped bit is not taken for that.
  mutating func newerMagic() throws(SystemError) -> UInt8? {
    guard position == 0, let first = try commonFields(), first.baseOffset == base,
      first.magic > RecordBatchHeader.magic, first.magic < 16, first.end <= (try file.size()),
      try !hasOurChecksum(first)
    else { return nil }
    position = first.end
    let second = try commonFields()
    position = 0
    if let second, second.end > second.start + RecordBatchHeader.lengthEnd, second.magic != first.magic { return nil }
    return first.magic
  }

  /// Whether a batch has the right checksum where ours have it: then it is one of ours, and the magic number is damaged.
  private mutating func hasOurChecksum(_ batch: CommonFields) throws(SystemError) -> Bool {
    let length = batch.end - batch.start
    guard length >= RecordBatchHeader.byteCount, length <= RecordBatchHeader.maximumBatchBytes, try load(length) else {
      return false
    }
    var reader = ByteReader(loaded.extracting(CommonFields.byteCount..<length))
    let covered = loaded.extracting(RecordBatchHeader.checksumStart..<length)
    return reader.uint32() == CRC32C.checksum(of: covered)
  }

  /// What stands at `position` in the fields that every version of a batch has; nil at the end of the file.
  private mutating func commonFields() throws(SystemError) -> CommonFields? {
    guard try load(CommonFields.byteCount) else { return nil }
    return CommonFields(loaded, at: position)
  }

  private struct CommonFields {
    static let byteCount = 17
    let baseOffset: Offset
    let start: Int
    let end: Int
    let magic: UInt8

    init(_ bytes: RawSpan, at position: Int) {
      var reader = ByteReader(bytes)
      baseOffset = reader.int64() ?? -1
      start = position
      end = position + RecordBatchHeader.lengthEnd + Int(max(reader.int32() ?? 0, 0))
      _ = reader.int32()
      magic = reader.uint8() ?? 0
    }
  }
}
