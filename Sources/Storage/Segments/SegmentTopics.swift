import Bytes
import Records

/// Which topics a sealed segment holds, so that readers who want others pass over it.
///
/// Constraints: a hint that may only err towards reading. Where the file is missing, damaged, about an older file of the
/// segment, or says `too many`, the segment is read.
///
/// `00000000000000000000.topics`, all big-endian:
///
/// | offset | size | field |
/// |---|---|---|
/// | 0 | 4 | magic `FBtp` |
/// | 4 | 2 | version, 1 |
/// | 6 | 2 | flags: 1 too many topics, none are listed |
/// | 8 | 8 | base offset |
/// | 16 | 8 | bytes of the segment's file |
/// | 24 | 4 | number of topics |
/// | 28 | … | topics: varint length, UTF-8 |
/// | end − 4 | 4 | CRC-32C over everything before |
struct SegmentTopics: Hashable, Sendable {
  static let maximumBytes = 256 << 10
  private static let magic: UInt32 = 0x4642_7470
  private static let version: UInt16 = 1

  let base: Offset
  /// Nil: too many to list.
  private var topics: Set<[UInt8]>? = []
  private var bytes = 0
  /// Most records follow one of the same topic, or of one a few records before.
  private var recent: [[UInt8]] = []
  private var nextRecent = 0

  init(base: Offset) {
    self.base = base
  }

  /// Something in the segment cannot be read: it may hold any topic.
  mutating func giveUp() {
    topics = nil
  }

  /// Notes a record's topic.
  mutating func add(_ topic: RawSpan) {
    guard topics != nil, !recent.contains(where: { $0.span.bytes.elementsEqual(topic) }) else { return }
    let key = topic.array
    if topics!.insert(key).inserted {
      bytes += key.count + 3
      if bytes > Self.maximumBytes { topics = nil }
    }
    if recent.count < 16 {
      recent.append(key)
    } else {
      recent[nextRecent] = key
      nextRecent = (nextRecent + 1) % recent.count
    }
  }

  func encode(segmentBytes: Int, into writer: inout ByteWriter) {
    let start = writer.count
    writer.append(Self.magic)
    writer.append(Self.version)
    writer.append(UInt16(topics == nil ? 1 : 0))
    writer.append(base)
    writer.append(UInt64(segmentBytes))
    writer.append(UInt32(topics?.count ?? 0))
    for topic in (topics ?? []).sorted(by: { $0.lexicographicallyPrecedes($1) }) {
      writer.append(varInt: Int64(topic.count))
      writer.append(topic)
    }
    writer.append(CRC32C.checksum(of: writer.bytes.extracting(start..<writer.count)))
  }

  /// Whether, by the file's contents, the segment may hold a record whose topic one of `filters` matches.
  static func mayMatch(_ filters: [TopicFilter], _ bytes: RawSpan, base: Offset, segmentBytes: Int) -> Bool {
    let mayMatch = search(bytes, base: base, segmentBytes: segmentBytes) { topic in
      filters.contains { $0.matches(topic) }
    }
    return mayMatch ?? true
  }

  /// Whether, by the file's contents, the segment holds no topic but such as one of `filters` matches.
  static func matchesWholly(_ filters: [TopicFilter], _ bytes: RawSpan, base: Offset, segmentBytes: Int) -> Bool {
    let hasOther = search(bytes, base: base, segmentBytes: segmentBytes) { topic in
      !filters.contains { $0.matches(topic) }
    }
    return hasOther == false
  }

  /// Whether a topic in the file is as `condition` says; nil: the file does not tell.
  private static func search(
    _ bytes: RawSpan, base: Offset, segmentBytes: Int, for condition: (RawSpan) -> Bool
  ) -> Bool? {
    guard bytes.byteCount >= 32 else { return nil }
    let covered = bytes.extracting(0..<(bytes.byteCount - 4))
    var trailer = ByteReader(bytes.extracting(covered.byteCount..<bytes.byteCount))
    var reader = ByteReader(covered)
    guard trailer.uint32() == CRC32C.checksum(of: covered), reader.uint32() == magic, reader.uint16() == version,
      reader.uint16() == 0, reader.int64() == base, reader.int64() == Int64(segmentBytes), let count = reader.uint32()
    else { return nil }
    for _ in 0..<count {
      guard let length = reader.varInt(), let topic = reader.bytes(Int(clamping: length)) else { return nil }
      if condition(topic) { return true }
    }
    return false
  }
}
