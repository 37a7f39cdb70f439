import Bytes
import Platform
import Records

// Finding the way past bytes that are no intact batch.
extension BatchScanner {
  /// Goes to the next intact batch behind `position`, whose offsets lie between `minimum` and `limit`; where there is
  /// none, to the end of what is not zeros.
  ///
  /// Most damage leaves the length in the header right: then the batch it leads to is the next. Otherwise every byte may
  /// be where one begins. Payloads may hold batches, too (of another Forebay, say): what is found by searching counts
  /// only where it is followed by a batch that continues it, or by nothing. No checksum covers the base offset: without a
  /// limit it is believed as far as the bytes passed over can have held the records before it, one a byte.
  /// - Returns: whether there is one, and which bytes were passed over.
  mutating func resynchronise(
    minimum: Offset, limit: Offset = .max
  ) throws(SystemError) -> (isFound: Bool, damage: Range<Int>) {
    let start = position
    expected = nil
    if try followLength(minimum: minimum, limit: limit) { return (true, start..<position) }
    position = start + 1
    var end = position
    while try load(RecordBatchHeader.byteCount) {
      if isZero(loaded) {
        position += loaded.byteCount - RecordBatchHeader.byteCount + 1
        continue
      }
      let (step, isPlausible) = Self.search(loaded, minimum: minimum, limit: limit, passed: position - start)
      if step > 0, let last = lastNonZero(in: loaded.extracting(0..<step)) { end = position + last + 1 }
      position += step
      guard isPlausible else { continue }
      if case .batch(let header) = try read(), try isContinued(header) { return (true, start..<position) }
      position += 1
      end = position
    }
    if let last = lastNonZero(in: loaded) { end = position + last + 1 }
    position = end
    return (false, start..<end)
  }

  /// Goes to where the damaged batch's length leads, if an intact batch is there.
  private mutating func followLength(minimum: Offset, limit: Offset) throws(SystemError) -> Bool {
    let start = position
    if case .batch(let damaged) = try peek() {
      position += damaged.batchBytes
      if case .batch(let next) = try read(),
        Self.isPlausible(next, minimum: minimum, limit: limit, passed: position - start)
      {
        return true
      }
    }
    position = start
    return false
  }

  /// Whether the batch at `position` is followed by one that continues it, or by nothing to the end of the file.
  private mutating func isContinued(_ header: RecordBatchHeader) throws(SystemError) -> Bool {
    let start = position
    pass(header)
    let following = try peek()
    var isContinued = following != .damage
    if following == .end { isContinued = try isZeroToTheEnd() }
    position = start
    expected = header.baseOffset
    return isContinued
  }

  /// How far into `window` the next header might be, or how much of it holds none.
  private static func search(
    _ window: RawSpan, minimum: Offset, limit: Offset, passed: Int
  ) -> (step: Int, isPlausible: Bool) {
    let last = window.byteCount - RecordBatchHeader.byteCount
    return window.withUnsafeBytes { bytes in
      var candidate = 0
      while candidate <= last {
        guard bytes[candidate + 16] == RecordBatchHeader.magic else {
          candidate += 1
          continue
        }
        if case .header(let header) = RecordBatchHeader.parse(window.extracting(candidate..<window.byteCount)),
          isPlausible(header, minimum: minimum, limit: limit, passed: passed + candidate)
        {
          return (candidate, true)
        }
        candidate += 1
      }
      return (candidate, false)
    }
  }

  /// Whether a batch found behind `passed` bytes of damage can be one of the segment's.
  private static func isPlausible(
    _ header: RecordBatchHeader, minimum: Offset, limit: Offset, passed: Int
  ) -> Bool {
    header.baseOffset >= minimum && header.endOffset <= limit
      && (limit < .max || header.baseOffset - minimum <= Offset(passed))
  }
}
