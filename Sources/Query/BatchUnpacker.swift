import Bytes
import Platform
package import Records

/// Reads record batches that stand one behind the other in a stream, as an uplink ships them: `mosquitto_sub -N`, a file of
/// them, or a segment of the log itself. One owner, one thread.
package struct BatchUnpacker: ~Copyable {
  /// What the stream has next.
  package enum Step: Hashable, Sendable {
    /// A whole batch; `records` are its records.
    case batch(RecordBatchHeader)
    /// That many bytes were no intact batch and have been passed over.
    case damage(Int)
    /// More must be added first.
    case needsMore
  }

  private var stream = ByteWriter(capacity: 64 << 10)
  private var unpacked = ByteWriter(capacity: 64 << 10)
  private var decompressor = ZstdDecompressor()

  package init() {}

  /// Adds up to 64 KiB to the stream.
  /// - Returns: how much `fill` wrote; 0 at the end of its input.
  package mutating func add<Failure: Error>(
    _ fill: (UnsafeMutableRawBufferPointer) throws(Failure) -> Int
  ) throws(Failure) -> Int {
    try stream.append(upTo: 64 << 10, fill)
  }

  /// The records of the batch that `next` has found, as `RecordIterator` reads them.
  package var records: RawSpan {
    @_lifetime(borrow self)
    get { unpacked.bytes }
  }

  /// Forgets what is left at the end of an input: a batch cut short.
  /// - Returns: how many bytes that were.
  package mutating func dropRest() -> Int {
    defer { stream.removeAll() }
    return stream.count
  }

  package mutating func next() -> Step {
    let (skipped, isNewline) = Self.skipToCandidate(stream.bytes)
    stream.removeFirst(skipped)
    // A newline behind each message is what `mosquitto_sub` adds without -N: nothing to worry about.
    if skipped > 0, !isNewline { return .damage(skipped) }
    guard case .header(let header) = RecordBatchHeader.parse(stream.bytes), stream.count >= header.batchBytes else {
      return .needsMore
    }
    guard RecordBatchHeader.isIntact(stream.bytes.extracting(0..<header.batchBytes)),
      Self.unpack(header, stream, &unpacked, &decompressor)
    else {
      stream.removeFirst(1)
      return .damage(1)
    }
    stream.removeFirst(header.batchBytes)
    return .batch(header)
  }

  /// How many bytes at the front cannot be the start of a batch, and whether that is one newline.
  private static func skipToCandidate(_ bytes: RawSpan) -> (count: Int, isNewline: Bool) {
    let startsWithNewline =
      bytes.byteCount > 0 && bytes.unsafeLoad(fromByteOffset: 0, as: UInt8.self) == UInt8(ascii: "\n")
    for start in 0..<bytes.byteCount {
      switch RecordBatchHeader.parse(bytes.extracting(start..<bytes.byteCount)) {
      case .header: return (start, start == 1 && startsWithNewline)
      case .incomplete where start == 0 && startsWithNewline && bytes.byteCount == 1: return (1, true)
      // Too short to tell.
      case .incomplete: return (start, start == 1 && startsWithNewline)
      case .malformed: continue
      }
    }
    return (bytes.byteCount, false)
  }

  private static func unpack(
    _ header: RecordBatchHeader, _ stream: borrowing ByteWriter, _ unpacked: inout ByteWriter,
    _ decompressor: inout ZstdDecompressor
  ) -> Bool {
    unpacked.removeAll()
    let records = stream.bytes.extracting(RecordBatchHeader.byteCount..<header.batchBytes)
    switch header.codec {
    case RecordBatchHeader.Codec.none?:
      unpacked.append(records)
      return true
    case .zstd?:
      do throws(ZstdError) {
        try decompressor.decompress(records, into: &unpacked, limit: RecordBatchHeader.maximumBatchBytes)
        return true
      } catch {
        return false
      }
    case nil:
      return false
    }
  }
}
