import Bytes
import Platform
package import Records

/// Goes through one segment's file batch by batch, with a buffer of its own. One owner, one thread.
package struct BatchScanner: ~Copyable, Sendable {
  package let base: Offset
  /// Where in the file the next batch is looked for.
  package internal(set) var position: Int

  /// The base offset of the batch at `position`, since batches lie close; nil behind damage.
  var expected: Offset?

  private let passesUnreadable: Bool
  /// A part of the file could not be read, and was passed over.
  private(set) var hasUnreadable = false

  let file: any DiskFile
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

  /// - Parameters:
  ///   - position: where a batch begins, whose base offset is `offset`; by default the segment's first.
  ///   - passesUnreadable: bytes that the disk does not give are taken for damage (`readAround`); otherwise they are an
  ///     error.
  init(
    _ file: any DiskFile, base: Offset, position: Int = 0, offset: Offset? = nil, passesUnreadable: Bool = false
  ) {
    self.file = file
    self.passesUnreadable = passesUnreadable
    self.base = base
    self.position = position
    expected = offset ?? base
  }

  /// Looks at the header alone; `.batch` promises no intact records.
  mutating func peek() throws(SystemError) -> Found {
    try readingAgain { scanner throws(SystemError) in try scanner.peekOnce() }
  }

  /// Reads the whole batch at `position` and checks it.
  mutating func read() throws(SystemError) -> Found {
    try readingAgain { scanner throws(SystemError) in try scanner.readOnce() }
  }

  /// What seems damaged is read again before it is called so: memory and cables err, too, and what is called damaged is
  /// taken out of the log.
  private mutating func readingAgain(
    _ look: (inout Self) throws(SystemError) -> Found
  ) throws(SystemError) -> Found {
    let found = try look(&self)
    guard found == .damage else { return found }
    refresh()
    return try look(&self)
  }

  private mutating func peekOnce() throws(SystemError) -> Found {
    guard try load(RecordBatchHeader.byteCount) else {
      return loaded.byteCount == 0 || isZero(loaded) ? .end : .damage
    }
    let bytes = loaded.extracting(0..<RecordBatchHeader.byteCount)
    if isZero(bytes) { return .end }
    switch RecordBatchHeader.parse(bytes) {
    // The checksum does not cover the base offset: a wrong one is seen by its not being the next.
    case .header(let header): return header.baseOffset == expected ?? header.baseOffset ? .batch(header) : .damage
    case .incomplete, .malformed: return .damage
    }
  }

  private mutating func readOnce() throws(SystemError) -> Found {
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
    expected = header.endOffset
  }

  /// Forgets what is buffered: the file may have changed behind it.
  mutating func refresh() {
    buffer.removeAll()
    chunkBytes = Self.smallestChunk
  }

  /// Whether everything from `position` to the end of the file is zeros.
  mutating func isZeroToTheEnd() throws(SystemError) -> Bool {
    var place = position
    let size = try file.size()
    while place < size {
      var isZero = true
      buffer.removeAll()
      let count = try read(upTo: Self.largestChunk, at: place)
      isZero = self.isZero(buffer.bytes)
      if !isZero || count == 0 { break }
      place += count
    }
    buffer.removeAll()
    return place >= size
  }

  /// What is buffered from `position` on.
  var loaded: RawSpan {
    @_lifetime(borrow self)
    get {
      let all = buffer.bytes
      let start = position - bufferStart
      guard start >= 0, start <= all.byteCount else { return all.extracting(0..<0) }
      return all.extracting(start..<all.byteCount)
    }
  }

  /// Makes sure that `count` bytes from `position` on are buffered; false where the file is shorter.
  mutating func load(_ count: Int) throws(SystemError) -> Bool {
    if loaded.byteCount >= count { return true }
    let passed = position - bufferStart
    if passed >= 0, passed <= buffer.count {
      buffer.removeFirst(passed)
    } else {
      buffer.removeAll()
    }
    bufferStart = position
    let start = bufferStart + buffer.count
    _ = try read(upTo: max(count - buffer.count, chunkBytes), at: start)
    chunkBytes = min(chunkBytes * 2, Self.largestChunk)
    return buffer.count >= count
  }

  /// Reads on into the buffer.
  private mutating func read(upTo count: Int, at place: Int) throws(SystemError) -> Int {
    let (file, passes) = (file, passesUnreadable)
    var isUnreadable = false
    let read = try buffer.append(upTo: count) { room throws(SystemError) in
      guard passes else { return try file.read(into: room, at: place) }
      return try Self.readAround(file, into: room, at: place, &isUnreadable)
    }
    if isUnreadable { hasUnreadable = true }
    return read
  }

  func lastNonZero(in bytes: RawSpan) -> Int? {
    if isZero(bytes) { return nil }
    return bytes.withUnsafeBytes { $0.lastIndex { $0 != 0 } }
  }

  func isZero(_ bytes: RawSpan) -> Bool {
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
