import Bytes
import Records

/// Where in a segment to begin: offset → position and time → offset, an entry for about every 64 KiB of the segment.
///
/// Constraints: a hint, never a truth. It is rebuilt where it is missing, damaged or older than its segment; whoever
/// goes to a position finds the batch with the entry's offset there, or begins at the segment's start. It is small
/// enough to be read anew for each seek, so that it costs no memory.
///
/// The newest segment's is in memory. The file of a closed one, `00000000000000000000.index`, all big-endian:
///
/// | offset | size | field |
/// |---|---|---|
/// | 0 | 4 | magic `FBix` |
/// | 4 | 2 | version, 1 |
/// | 6 | 2 | flags: 1 sealed, 2 has times |
/// | 8 | 8 | base offset |
/// | 16 | 8 | end offset |
/// | 24 | 8 | bytes of the segment's file: another length, and the index is about an older file |
/// | 32 | 8 | bytes of its batches before they were compressed |
/// | 40 | 8 | oldest timestamp |
/// | 48 | 8 | newest timestamp |
/// | 56 | 4 | number of entries |
/// | 60 | 4 | CRC-32C over everything before |
/// | 64 | 24 each | entries: offset, position, newest timestamp from here to the next entry |
/// | 64 + 24 n | 4 | CRC-32C over the entries |
///
/// A wrong checksum, magic, version, base or length: the index is taken as missing.
struct SegmentIndex: Hashable, Sendable {
  struct Entry: Hashable, Sendable {
    /// The base offset of a batch.
    let offset: Offset
    /// Where that batch begins.
    let position: Int
    /// Of the batches from here to the next entry.
    var newest: Timestamp
  }

  static let headerBytes = 64
  static let entryBytes = 24
  static let bytesBetweenEntries = 64 << 10
  private static let magic: UInt32 = 0x4642_6978
  private static let version: UInt16 = 1

  let base: Offset
  private(set) var summary: SegmentSummary
  private(set) var entries: [Entry] = []

  init(base: Offset) {
    self.base = base
    summary = SegmentSummary(endOffset: base, unsealedBytes: 0)
  }

  /// Notes the batch at `position`, which is behind all noted before.
  mutating func add(_ header: RecordBatchHeader, at position: Int) {
    summary.add(header)
    if let last = entries.last, position - last.position < Self.bytesBetweenEntries {
      entries[entries.count - 1].newest = max(last.newest, header.maxTimestamp)
    } else {
      entries.append(Entry(offset: header.baseOffset, position: position, newest: header.maxTimestamp))
    }
  }

  mutating func setSizes(unsealedBytes: Int, isSealed: Bool) {
    summary.unsealedBytes = unsealedBytes
    summary.isSealed = isSealed
  }

  /// The last entry at or below `offset`.
  func entry(before offset: Offset) -> Entry? {
    // Entries are in order: the first one above `offset` is found by halving.
    var low = 0
    var high = entries.count
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].offset <= offset { low = middle + 1 } else { high = middle }
    }
    return low > 0 ? entries[low - 1] : nil
  }

  /// The first entry from which on there may be a record of `time` or later.
  func entry(from time: Timestamp) -> Entry? {
    entries.first { $0.newest >= time }
  }
}

// The file.
extension SegmentIndex {
  /// - Parameter segmentBytes: of the file the index is about.
  func encode(segmentBytes: Int, into writer: inout ByteWriter) {
    let start = writer.count
    writer.append(Self.magic)
    writer.append(Self.version)
    writer.append(UInt16((summary.isSealed ? 1 : 0) | (summary.times == nil ? 0 : 2)))
    writer.append(base)
    writer.append(summary.endOffset)
    writer.append(UInt64(segmentBytes))
    writer.append(UInt64(summary.unsealedBytes))
    writer.append(summary.times?.lowerBound.milliseconds ?? 0)
    writer.append(summary.times?.upperBound.milliseconds ?? 0)
    writer.append(UInt32(entries.count))
    writer.append(CRC32C.checksum(of: writer.bytes.extracting(start..<writer.count)))
    let body = writer.count
    for entry in entries {
      writer.append(entry.offset)
      writer.append(UInt64(entry.position))
      writer.append(entry.newest.milliseconds)
    }
    writer.append(CRC32C.checksum(of: writer.bytes.extracting(body..<writer.count)))
  }

  /// The summary in the first 64 bytes of the file; nil where they are not about that segment.
  static func parseSummary(_ bytes: RawSpan, base: Offset, segmentBytes: Int) -> SegmentSummary? {
    parseHeader(bytes, base: base, segmentBytes: segmentBytes)?.summary
  }

  /// The whole index; nil where it is damaged or not about that segment.
  init?(_ bytes: RawSpan, base: Offset, segmentBytes: Int) {
    guard let header = Self.parseHeader(bytes, base: base, segmentBytes: segmentBytes),
      bytes.byteCount == Self.headerBytes + header.entryCount * Self.entryBytes + 4
    else { return nil }
    let body = bytes.extracting(Self.headerBytes..<(bytes.byteCount - 4))
    var trailer = ByteReader(bytes.extracting((bytes.byteCount - 4)..<bytes.byteCount))
    guard trailer.uint32() == CRC32C.checksum(of: body) else { return nil }
    self.base = base
    summary = header.summary
    entries.reserveCapacity(header.entryCount)
    var reader = ByteReader(body)
    while let offset = reader.int64(), let position = reader.int64(), let newest = reader.int64() {
      entries.append(Entry(offset: offset, position: Int(position), newest: Timestamp(milliseconds: newest)))
    }
  }

  private static func parseHeader(
    _ bytes: RawSpan, base: Offset, segmentBytes: Int
  ) -> (summary: SegmentSummary, entryCount: Int)? {
    var reader = ByteReader(bytes)
    guard reader.uint32() == magic, reader.uint16() == version, let flags = reader.uint16(),
      reader.int64() == base, let end = reader.int64(), end >= base, reader.int64() == Int64(segmentBytes),
      let unsealedBytes = reader.int64(), let oldest = reader.int64(), let newest = reader.int64(),
      let entryCount = reader.uint32(),
      reader.uint32() == CRC32C.checksum(of: bytes.extracting(0..<(headerBytes - 4)))
    else { return nil }
    var summary = SegmentSummary(endOffset: end, unsealedBytes: Int(unsealedBytes))
    summary.isSealed = flags & 1 != 0
    if flags & 2 != 0, oldest <= newest {
      summary.times = Timestamp(milliseconds: oldest)...Timestamp(milliseconds: newest)
    }
    return (summary, Int(entryCount))
  }
}
