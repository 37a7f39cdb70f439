import Bytes
import Platform
package import Records

/// What the log remembers of itself from one start to the next: how long it has run, what it has written, and when each
/// segment was closed. The file `history`, all big-endian:
///
/// | offset | size | field |
/// |---|---|---|
/// | 0 | 4 | magic `FBhi` |
/// | 4 | 2 | version, 1 |
/// | 6 | 2 | zero |
/// | 8 | 8 | running time in milliseconds (`LogClock`) |
/// | 16 | 8 | bytes ever written |
/// | 24 | 16 | when the newest segment was begun: running time, wall clock |
/// | 40 | 4 | number of segments, n |
/// | 44 | 24 n | each: base offset, and when its newest record came: running time, wall clock |
/// | 44 + 24 n | 4 | CRC-32C over everything before |
///
/// Replaced as a whole, at each roll, at the end, and once an hour. Nothing depends on it but when records are too old:
/// where it is missing, damaged or behind, segments are taken for younger than they are. Never a reason not to start, and
/// no error of its is an error of the log's.
package struct LogHistory: Hashable, Sendable {
  package struct Segment: Hashable, Sendable {
    package var base: Offset
    package var newest: LogClock.Stamp

    package init(base: Offset, newest: LogClock.Stamp) {
      self.base = base
      self.newest = newest
    }
  }

  package var running: Int64 = 0
  package var bytesWritten = 0
  package var begun = LogClock.Stamp(running: 0, wall: 0)
  /// Oldest first.
  package var segments: [Segment] = []

  private static let magic: UInt32 = 0x4642_6869
  private static let version: UInt16 = 1
  private static let headerBytes = 44
  private static let segmentBytes = 24
  /// Of more, only the oldest are kept: they are the next to go.
  private static let maximumSegments = 65_536

  package init() {}

  /// When the newest record of each segment came, by the segment's base.
  var newestByBase: [Offset: LogClock.Stamp] {
    Dictionary(segments.map { ($0.base, $0.newest) }, uniquingKeysWith: { $1 })
  }
}

// The file.
extension LogHistory {
  package func encode() -> [UInt8] {
    var writer = ByteWriter(capacity: Self.headerBytes + segments.count * Self.segmentBytes + 4)
    writer.append(Self.magic)
    writer.append(Self.version)
    writer.append(UInt16(0))
    writer.append(running)
    writer.append(Int64(bytesWritten))
    writer.append(begun.running)
    writer.append(begun.wall)
    let kept = segments.prefix(Self.maximumSegments)
    writer.append(UInt32(kept.count))
    for segment in kept {
      writer.append(segment.base)
      writer.append(segment.newest.running)
      writer.append(segment.newest.wall)
    }
    writer.append(CRC32C.checksum(of: writer.bytes))
    return writer.array
  }

  /// Nil where the bytes are no intact history.
  package init?(_ bytes: RawSpan) {
    var reader = ByteReader(bytes)
    guard reader.uint32() == Self.magic, reader.uint16() == Self.version, reader.uint16() != nil,
      let running = reader.int64(), running >= 0, let written = reader.int64(), written >= 0,
      let begunRunning = reader.int64(), let begunWall = reader.int64(), let count = reader.uint32(),
      Int(count) <= Self.maximumSegments
    else { return nil }
    for _ in 0..<count {
      guard let base = reader.int64(), let newestRunning = reader.int64(), let newestWall = reader.int64() else {
        return nil
      }
      segments.append(Segment(base: base, newest: LogClock.Stamp(running: newestRunning, wall: newestWall)))
    }
    let covered = reader.position
    guard reader.uint32() == CRC32C.checksum(of: bytes.extracting(0..<covered)) else { return nil }
    self.running = running
    bytesWritten = Int(written)
    begun = LogClock.Stamp(running: begunRunning, wall: begunWall)
  }

  /// The history in `directory`; an empty one where there is none that can be read.
  static func read(_ directory: LogDirectory, _ disk: any Disk) -> LogHistory {
    do throws(SystemError) {
      let file = try disk.open(directory.history, .read)
      let limit = headerBytes + maximumSegments * segmentBytes + 4
      let size = try file.size()
      var bytes = ByteWriter(capacity: 256)
      _ = try bytes.append(upTo: min(size, limit)) { room throws(SystemError) in try file.read(into: room, at: 0) }
      return LogHistory(bytes.bytes) ?? LogHistory()
    } catch {
      return LogHistory()
    }
  }

  /// Replaces the history. After a crash the old one may be there still.
  func write(_ directory: LogDirectory, _ disk: any Disk) throws(SystemError) {
    let temporary = directory.history + ".new"
    let file = try disk.open(temporary, .readWriteOrCreate)
    let bytes = encode()
    try file.truncate(to: 0)
    try file.write(bytes.span.bytes, at: 0)
    try file.sync()
    try disk.rename(temporary, to: directory.history)
    try disk.syncDirectory(directory.path)
  }
}
