import Bytes
import Platform
import Records

/// What must be written before a recovered log can be appended to. On a full disk it waits, while what the log has can be
/// read; then it is tried again.
struct SegmentPreparation {
  enum Target {
    /// A new segment.
    case create(base: Offset)
    /// The newest segment behind its last whole batch; `tornBytes` there never became one.
    case resume(base: Offset, position: Int, tornBytes: Int)
  }

  private(set) var target: Target
  /// To be written; nil: it is on disk.
  let epoch: LogEpoch?
  /// Of a segment.
  let segmentBytes: Int
  let directory: LogDirectory

  init(_ target: Target, epoch: LogEpoch?, segmentBytes: Int, directory: LogDirectory) {
    self.target = target
    self.epoch = epoch
    self.segmentBytes = segmentBytes
    self.directory = directory
  }

  /// - Throws: an error that `isOutOfSpace` where it can be tried again.
  mutating func run(_ disk: any Disk) throws(SystemError) -> SegmentWriter {
    if let epoch { try directory.writeEpoch(epoch, disk) }
    switch target {
    case .create(let base):
      return try SegmentWriter.create(base: base, bytes: segmentBytes, in: directory.segments, on: disk)
    case .resume(let base, let position, let tornBytes):
      if tornBytes > 0 {
        try cut(base, position, tornBytes, disk)
        target = .resume(base: base, position: position, tornBytes: 0)
      }
      do throws(SystemError) {
        return try resume(base, position, segmentBytes, disk)
      } catch {
        guard error.isOutOfSpace, position > 0 else { throw error }
        // There may be room for a gap record at least, and so for a new segment in the place of the oldest.
        return try resume(base, position, position + SegmentWriter.reserve(of: segmentBytes), disk)
      }
    }
  }

  private func resume(
    _ base: Offset, _ position: Int, _ bytes: Int, _ disk: any Disk
  ) throws(SystemError) -> SegmentWriter {
    try SegmentWriter.resume(base: base, position: position, bytes: bytes, in: directory.segments, on: disk)
  }

  /// Sets the torn tail aside and cuts it off.
  private func cut(_ base: Offset, _ position: Int, _ tornBytes: Int, _ disk: any Disk) throws(SystemError) {
    let name = SegmentName.fileName(base: base)
    let file = try disk.open(directory.segments + "/" + name, .readWrite)
    try setAside(position..<(position + tornBytes), of: file, name, disk)
    // Cut to the last whole batch first: what is allocated behind it again is zeros.
    try file.truncate(to: position)
    try file.sync()
  }

  /// Copies `range` of `file` into the quarantine, durably.
  private func setAside(
    _ range: Range<Int>, of file: any DiskFile, _ name: String, _ disk: any Disk
  ) throws(SystemError) {
    try disk.createDirectory(directory.quarantine)
    let copy = try disk.open("\(directory.quarantine)/\(name).\(range.lowerBound)", .readWriteOrCreate)
    try copy.truncate(to: 0)
    var buffer = ByteWriter(capacity: 64 << 10)
    var position = range.lowerBound
    while position < range.upperBound {
      buffer.removeAll()
      let count = try buffer.append(upTo: min(64 << 10, range.upperBound - position)) { room throws(SystemError) in
        try file.read(into: room, at: position)
      }
      guard count > 0 else { break }
      try copy.write(buffer.bytes, at: position - range.lowerBound)
      position += count
    }
    try copy.sync()
    try disk.syncDirectory(directory.quarantine)
  }
}
