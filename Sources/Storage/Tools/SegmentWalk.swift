import Bytes
package import Platform
package import Records

/// Goes through a segment's file from its first byte to its last and says what stands there, damage among it.
///
/// For those who look at the log from outside, also beside a running daemon: what looks like damage in a segment that
/// is being written to is read again before it is called so. One owner, one thread.
package struct SegmentWalk: ~Copyable {
  /// What stands at some place of the file.
  package enum Part: Hashable {
    /// A batch whose checksum is right; `batch` has its bytes until the next step.
    case batch(RecordBatchHeader, at: Int)
    /// Bytes that are no intact batch, and intact batches behind them again.
    case damage(Range<Int>, BatchProblem, RecordBatchHeader?)
    /// The same with no intact batch behind them.
    case tail(Range<Int>, BatchProblem, RecordBatchHeader?)
    /// Behind the last batch there is nothing, or zeros.
    case end(at: Int)
    /// A newer version wrote the segment: this one can say nothing of it.
    case newerVersion(magic: UInt8)
  }

  /// The offset behind the last batch so far.
  package private(set) var endOffset: Offset

  private let base: Offset
  private let file: any DiskFile
  private var scanner: BatchScanner
  /// Nil: nobody writes to the file.
  private let growth: (any TimeSource)?
  /// The base of the next segment: no offset of this one is there or above.
  private let limit: Offset
  private var current: RecordBatchHeader?

  /// - Parameters:
  ///   - limit: the base of the next segment; nil: there is none.
  ///   - growth: the clock for waiting, where a daemon may be writing to the file; nil where none can be.
  package init(_ file: any DiskFile, base: Offset, limit: Offset?, growth: (any TimeSource)?) {
    self.file = file
    self.base = base
    self.limit = limit ?? .max
    self.growth = growth
    scanner = BatchScanner(file, base: base)
    endOffset = base
  }

  /// The bytes of the batch that `next` has just found.
  @_lifetime(borrow self)
  package borrowing func batch(_ header: RecordBatchHeader) -> RawSpan {
    scanner.batch(header)
  }

  /// The next part. After `.tail`, `.end` and `.newerVersion` there is none.
  package mutating func next() throws(SystemError) -> Part {
    if let magic = try scanner.newerMagic() { return .newerVersion(magic: magic) }
    if let header = current.take() { scanner.pass(header) }
    while true {
      let position = scanner.position
      let found = try scanner.read()
      if case .batch(let header) = found, isNext(header) { return take(header, at: position) }
      if found == .end, try scanner.isZeroToTheEnd() { return .end(at: position) }
      if try becomesWhole(at: position, expected: scanner.expected, attempts: 1) { continue }
      let expected = scanner.expected
      let (problem, header) = try BatchProblem.diagnose(file, at: position, expected: expected, limit: limit)
      let (isFound, range) = try scanner.resynchronise(minimum: endOffset, limit: limit)
      // What was being written when it was read is whole once there is a batch behind it.
      if try becomesWhole(at: position, expected: expected, attempts: isFound ? 1 : 5) { continue }
      return isFound ? .damage(range, problem, header) : .tail(range, problem, header)
    }
  }

  private func isNext(_ header: RecordBatchHeader) -> Bool {
    header.baseOffset >= endOffset && header.endOffset <= limit
  }

  private mutating func take(_ header: RecordBatchHeader, at position: Int) -> Part {
    endOffset = header.endOffset
    current = header
    return .batch(header, at: position)
  }

  /// Looks again at `position`, where a batch may just have been written, and goes back there if so.
  private mutating func becomesWhole(
    at position: Int, expected: Offset?, attempts: Int
  ) throws(SystemError) -> Bool {
    guard let growth else { return false }
    for attempt in 0..<attempts {
      if attempt > 0 { growth.sleep(milliseconds: 20) }
      var again = BatchScanner(file, base: base, position: position)
      again.expected = expected
      guard case .batch(let header) = try again.read(), isNext(header) else { continue }
      scanner = again
      return true
    }
    return false
  }
}

extension SegmentWalk {
  /// The base offset that the first batch of a file states; 0 where there is none.
  package static func baseOffset(of file: any DiskFile) throws(SystemError) -> Offset {
    var writer = ByteWriter(capacity: 8)
    _ = try writer.append(upTo: 8) { room throws(SystemError) in try file.read(into: room, at: 0) }
    var reader = ByteReader(writer.bytes)
    return max(reader.int64() ?? 0, 0)
  }
}
