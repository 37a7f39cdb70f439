import Bytes
import Platform
import Records

/// Brings a data directory into a state that can be appended to, whatever the last power cut left there.
///
/// Only the newest segment is read; older ones were synced and closed before it was made. What it finds and does is in
/// `report`, a line each, for the operator. It deletes nothing but leftover temporary files: torn bytes go to `quarantine/`.
struct Recovery {
  private let directory: LogDirectory
  private let configuration: LogConfiguration
  private let disk: any Disk

  private(set) var report: [String] = []
  /// To be appended to the log as soon as it is open.
  private(set) var gaps: [GapRecord] = []

  init(_ configuration: LogConfiguration, disk: any Disk) {
    self.configuration = configuration
    directory = LogDirectory(configuration.directory)
    self.disk = disk
  }

  struct Recovered {
    let epoch: LogEpoch
    let segments: SegmentList
    let endOffset: Offset
    let writer: SegmentWriter
  }

  mutating func run() throws(SystemError) -> Recovered {
    try disk.createDirectory(directory.segments)
    try removeTemporaryFiles()
    var segments = try directory.listSegments(disk)
    let epoch = try recoverEpoch(isNewLog: segments.isEmpty)
    guard let newest = segments.last else {
      let writer = try makeSegment(base: 0)
      segments = [SegmentList.Segment(base: 0, bytes: 0)]
      return Recovered(epoch: epoch, segments: SegmentList(segments, durableEnd: 0), endOffset: 0, writer: writer)
    }
    let endOffset: Offset
    let writer: SegmentWriter
    switch try recover(newest) {
    case .goOn(let position, let end):
      endOffset = end
      writer = try resume(newest.base, position)
      segments[segments.count - 1].bytes = position
    case .beginAnew(let end):
      endOffset = end
      writer = try makeSegment(base: end)
      segments.append(SegmentList.Segment(base: end, bytes: 0))
    }
    return Recovered(
      epoch: epoch, segments: SegmentList(segments, durableEnd: endOffset), endOffset: endOffset, writer: writer)
  }

  private mutating func removeTemporaryFiles() throws(SystemError) {
    for name in try disk.list(directory.segments) where name.hasSuffix(SegmentName.temporarySuffix) {
      try disk.remove(directory.segments + "/" + name)
      report.append("removed \(name), a segment that was being made when the process ended")
    }
  }

  private mutating func recoverEpoch(isNewLog: Bool) throws(SystemError) -> LogEpoch {
    if let epoch = try directory.readEpoch(disk) { return epoch }
    let epoch = LogEpoch(Int64(Randomness.uint64() >> 1) | 1)
    try directory.writeEpoch(epoch, disk)
    if !isNewLog {
      report.append(
        "the epoch file was missing or damaged; records are identified by the new epoch \(epoch) from now on")
    }
    return epoch
  }

  /// Where the next record goes.
  private enum Continuation {
    case goOn(at: Int, endOffset: Offset)
    case beginAnew(endOffset: Offset)
  }

  private mutating func recover(_ newest: SegmentList.Segment) throws(SystemError) -> Continuation {
    let name = SegmentName.fileName(base: newest.base)
    let file = try disk.open(directory.segments + "/" + name, .readWrite)
    var scanner = BatchScanner(file, base: newest.base)
    switch try SegmentVerdict.judge(&scanner) {
    case .clean(let end, let endOffset):
      return .goOn(at: end, endOffset: endOffset)
    case .tornTail(let end, let endOffset, let tornBytes):
      try setAside(end..<(end + tornBytes), of: file, name)
      // Cut to the last whole batch first: what is allocated behind it again is zeros.
      try file.truncate(to: end)
      try file.sync()
      report.append(
        "\(name): cut a torn tail of \(tornBytes) bytes at byte \(end), before offset \(endOffset); nothing in it had been acknowledged"
      )
      return .goOn(at: end, endOffset: endOffset)
    case .damagedMiddle(_, let endOffset, let damage):
      // The file stays as it is, readers find their way past the damage; new records go to a new segment.
      let bytes = damage.reduce(0) { $0 + $1.count }
      report.append(
        "\(name): \(bytes) bytes in \(damage.count) places are damaged, first at byte \(damage[0].lowerBound); the records around them are kept"
      )
      gaps.append(GapRecord(.damage, count: bytes, place: "\(name) at byte \(damage[0].lowerBound)"))
      // A segment whose every batch is damaged has the base that the next one would have.
      return endOffset == newest.base
        ? .goOn(at: newest.bytes, endOffset: endOffset) : .beginAnew(endOffset: endOffset)
    }
  }

  private func resume(_ base: Offset, _ position: Int) throws(SystemError) -> SegmentWriter {
    try SegmentWriter.resume(
      base: base, position: position, bytes: configuration.segmentBytes, in: directory.segments, on: disk)
  }

  private func makeSegment(base: Offset) throws(SystemError) -> SegmentWriter {
    try SegmentWriter.create(base: base, bytes: configuration.segmentBytes, in: directory.segments, on: disk)
  }

  /// Copies `range` of `file` into the quarantine, durably.
  private func setAside(_ range: Range<Int>, of file: any DiskFile, _ name: String) throws(SystemError) {
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
