import Bytes
import Platform
package import Records

/// Goes through one segment's file batch by batch, with a buffer of its own. One owner, one thread.
package struct BatchScanner: ~Copyable, Sendable {
  package let base: Offset
  /// Where in the file the next batch is looked for.
  package private(set) var position: Int

  private let file: any DiskFile
  private var buffer = ByteWriter(capacity: 4096)
  private var bufferStart = 0
  private var chunkBytes = BatchScanner.smallestChunk

  private static let smallestChunk = 16 << 10
  private static let largestChunk = 256 << 10

  /// What is at `position`.
  enum Found: Hashable {
    /// A whole batch; `batch` has its bytes.
    case batch(RecordBatchHeader)
    /// The file ends here, or there are only zeros in the place of a header.
    case end
    /// Bytes that are no intact batch.
    case damage
  }

  init(_ file: any DiskFile, base: Offset, position: Int = 0) {
    self.file = file
    self.base = base
    self.position = position
  }

  /// Looks at the header alone; `.batch` promises no intact records.
  mutating func peek() throws(SystemError) -> Found {
    guard try load(RecordBatchHeader.byteCount) else {
      return loaded.byteCount == 0 || isZero(loaded) ? .end : .damage
    }
    let bytes = loaded.extracting(0..<RecordBatchHeader.byteCount)
    if isZero(bytes) { return .end }
    switch RecordBatchHeader.parse(bytes) {
    case .header(let header): return .batch(header)
    case .incomplete, .malformed: return .damage
    }
  }

  /// Reads the whole batch at `position` and checks it.
  mutating func read() throws(SystemError) -> Found {
    let found = try peek()
    guard case .batch(let header) = found else { return found }
    // A length that is damage must not make us ask for that much memory.
    guard try position + header.batchBytes <= file.size() else { return .damage }
    guard try load(header.batchBytes), RecordBatchHeader.isIntact(batch(header)) else { return .damage }
    return found
  }

  /// The bytes of the batch that `read` has found.
  @_lifetime(borrow self)
  borrowing func batch(_ header: RecordBatchHeader) -> RawSpan {
    loaded.extracting(0..<header.batchBytes)
  }

  /// Goes on behind the batch that was found.
  mutating func pass(_ header: RecordBatchHeader) {
    position += header.batchBytes
  }

  mutating func skip(_ bytes: Int) {
    position += bytes
  }

  /// Forgets what is buffered: the file may have changed behind it.
  mutating func refresh() {
    buffer.removeAll()
    chunkBytes = Self.smallestChunk
  }

  /// Searches behind `position`, byte by byte, for the next intact batch at or above `minimum`, and goes there.
  /// Where there is none, goes to the end of what is not zeros.
  /// - Returns: whether there is one, and which bytes were passed over.
  mutating func resynchronise(minimum: Offset) throws(SystemError) -> (isFound: Bool, damage: Range<Int>) {
    let start = position
    var end = position + 1
    position += 1
    while try load(RecordBatchHeader.byteCount) {
      if isZero(loaded) {
        position += loaded.byteCount - RecordBatchHeader.byteCount + 1
        continue
      }
      let (step, isPlausible) = Self.search(loaded, minimum: minimum)
      if step > 0, let last = lastNonZero(in: loaded.extracting(0..<step)) { end = position + last + 1 }
      position += step
      guard isPlausible else { continue }
      if case .batch = try read() { return (true, start..<position) }
      position += 1
      end = position
    }
    if let last = lastNonZero(in: loaded) { end = position + last + 1 }
    position = end
    return (false, start..<end)
  }

  /// How far into `window` the next header might be, or how much of it holds none.
  private static func search(_ window: RawSpan, minimum: Offset) -> (step: Int, isPlausible: Bool) {
    let last = window.byteCount - RecordBatchHeader.byteCount
    return window.withUnsafeBytes { bytes in
      var candidate = 0
      while candidate <= last {
        guard bytes[candidate + 16] == RecordBatchHeader.magic else {
          candidate += 1
          continue
        }
        if case .header(let header) = RecordBatchHeader.parse(window.extracting(candidate..<window.byteCount)),
          header.baseOffset >= minimum
        {
          return (candidate, true)
        }
        candidate += 1
      }
      return (candidate, false)
    }
  }

  /// Whether everything from `position` to the end of the file is zeros.
  mutating func isZeroToTheEnd() throws(SystemError) -> Bool {
    var place = position
    let size = try file.size()
    while place < size {
      var isZero = true
      buffer.removeAll()
      let count = try buffer.append(upTo: Self.largestChunk) { room throws(SystemError) in
        try file.read(into: room, at: place)
      }
      isZero = self.isZero(buffer.bytes)
      if !isZero || count == 0 { break }
      place += count
    }
    buffer.removeAll()
    return place >= size
  }

  /// What is buffered from `position` on.
  private var loaded: RawSpan {
    @_lifetime(borrow self)
    get {
      let all = buffer.bytes
      let start = position - bufferStart
      guard start >= 0, start <= all.byteCount else { return all.extracting(0..<0) }
      return all.extracting(start..<all.byteCount)
    }
  }

  /// Makes sure that `count` bytes from `position` on are buffered; false where the file is shorter.
  private mutating func load(_ count: Int) throws(SystemError) -> Bool {
    if loaded.byteCount >= count { return true }
    let passed = position - bufferStart
    if passed >= 0, passed <= buffer.count {
      buffer.removeFirst(passed)
    } else {
      buffer.removeAll()
    }
    bufferStart = position
    let start = bufferStart + buffer.count
    _ = try buffer.append(upTo: max(count - buffer.count, chunkBytes)) { room throws(SystemError) in
      try file.read(into: room, at: start)
    }
    chunkBytes = min(chunkBytes * 2, Self.largestChunk)
    return buffer.count >= count
  }

  private func lastNonZero(in bytes: RawSpan) -> Int? {
    if isZero(bytes) { return nil }
    return bytes.withUnsafeBytes { $0.lastIndex { $0 != 0 } }
  }

  private func isZero(_ bytes: RawSpan) -> Bool {
    bytes.withUnsafeBytes { bytes in
      var index = 0
      while index + 8 <= bytes.count {
        if bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self) != 0 { return false }
        index += 8
      }
      return bytes[index...].allSatisfy { $0 == 0 }
    }
  }
}
