package import Platform
package import Records

/// What a segment's bytes turn out to be, read from its first batch to its last.
package enum SegmentVerdict: Hashable, Sendable {
  /// Intact batches to `end`; behind them nothing, or the zeros of preallocation.
  case clean(end: Int, endOffset: Offset)
  /// Intact batches to `end`; behind them `tornBytes` bytes of batches that never became whole. Their sync had not
  /// returned, so nothing in them was acknowledged.
  case tornTail(end: Int, endOffset: Offset, tornBytes: Int)
  /// Bytes that are no intact batch, and intact batches behind them again: not a crash but a damaged medium, or a crash
  /// whose later writes reached the disk before earlier ones.
  case damagedMiddle(end: Int, endOffset: Offset, damage: [Range<Int>])

  package var endOffset: Offset {
    switch self {
    case .clean(_, let offset), .tornTail(_, let offset, _), .damagedMiddle(_, let offset, _): offset
    }
  }

  /// The verdict on `scanner`'s file, of which every batch is read and checked.
  /// - Parameter progress: called with each intact batch's header and where in the file it begins.
  package static func judge(
    _ scanner: inout BatchScanner, progress: (RecordBatchHeader, Int) -> Void = { _, _ in }
  ) throws(SystemError) -> SegmentVerdict {
    var endOffset = scanner.base
    var damage: [Range<Int>] = []
    while true {
      let position = scanner.position
      let found = try scanner.read()
      if case .batch(let header) = found, header.baseOffset >= endOffset {
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
      let (isFound, damaged) = try scanner.resynchronise(minimum: endOffset)
      guard isFound else {
        return damage.isEmpty
          ? .tornTail(end: position, endOffset: endOffset, tornBytes: damaged.count)
          : .damagedMiddle(end: position, endOffset: endOffset, damage: damage + [damaged])
      }
      damage.append(damaged)
    }
  }
}
