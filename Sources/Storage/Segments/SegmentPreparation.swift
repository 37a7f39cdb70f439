import Bytes
import Platform
import Records

/// What must be written before a recovered log can be appended to. On a full disk it waits, while what the log has can be
/// read; then it is tried again, from where it came to. A power cut in the middle of it leaves what there was before.
struct SegmentPreparation {
  enum Task {
    /// A new segment; `before` is the one that was the newest, if there is one.
    case begin(base: Offset, before: SegmentList.Segment?)
    /// The newest segment goes on behind its last whole batch.
    case resume(position: Int, endOffset: Offset, SegmentIndex)
    /// The same, when what never became a whole batch has been cut.
    case cut(position: Int, endOffset: Offset, tornBytes: Int, SegmentIndex)
    /// The newest segment is written anew, without what is damaged in it.
    case mend(base: Offset)
  }

  /// What is written where records are identified anew.
  struct NewEpoch {
    let epoch: LogEpoch
    /// Of the log.
    let endOffset: Offset
    /// Consumers that stand behind it: what comes next at those offsets is not what they had.
    let cursorsAhead: [String]
  }

  /// The log, ready to be appended to.
  struct Prepared {
    let writer: SegmentWriter
    let endOffset: Offset
    /// Of the newest segment.
    let index: SegmentIndex
    /// What stands in the place of the segment that was the newest, in the list of segments.
    let newest: [SegmentList.Segment]
  }

  private var task: Task
  /// To be written; nil: it is on disk.
  private var epoch: NewEpoch?
  /// Of a segment.
  private let segmentBytes: Int
  private let directory: LogDirectory
  /// What gap records are marked with.
  private let now: Timestamp

  init(_ task: Task, epoch: NewEpoch?, segmentBytes: Int, directory: LogDirectory, now: Timestamp) {
    self.task = task
    self.epoch = epoch
    self.segmentBytes = segmentBytes
    self.directory = directory
    self.now = now
  }

  /// - Throws: an error that `isOutOfSpace` where it can be tried again.
  mutating func run(_ disk: any Disk) throws(SystemError) -> Prepared {
    if let epoch { try begin(epoch, disk) }
    epoch = nil
    while true {
      switch task {
      case .begin(let base, let before):
        return try begin(base, before, disk)
      case .resume(let position, let endOffset, let index):
        return try resume(position, endOffset, index, disk)
      case .cut(let position, let endOffset, let tornBytes, let index):
        try cut(position..<(position + tornBytes), endOffset, index, disk)
      case .mend(let base):
        try mend(base, disk)
      }
    }
  }

  /// The epoch first: with the cursors moved nobody would see any more that one is needed.
  private func begin(_ new: NewEpoch, _ disk: any Disk) throws(SystemError) {
    try directory.writeEpoch(new.epoch, disk)
    for name in new.cursorsAhead { try Cursor.move(name, to: new.endOffset, in: directory.cursors, disk) }
  }

  private func begin(
    _ base: Offset, _ before: SegmentList.Segment?, _ disk: any Disk
  ) throws(SystemError) -> Prepared {
    // Nothing is appended to any other before this has succeeded.
    var isInDoubt = false
    let writer = try SegmentWriter.create(
      base: base, bytes: segmentBytes, in: directory.segments, on: disk, isInDoubt: &isInDoubt)
    let newest = SegmentList.Segment(base: base, bytes: 0)
    return Prepared(
      writer: writer, endOffset: base, index: SegmentIndex(base: base), newest: [before, newest].compactMap(\.self))
  }

  private func resume(
    _ position: Int, _ endOffset: Offset, _ index: SegmentIndex, _ disk: any Disk
  ) throws(SystemError) -> Prepared {
    let writer: SegmentWriter
    do throws(SystemError) {
      writer = try open(index.base, position, segmentBytes, disk)
    } catch {
      guard error.isOutOfSpace, position > 0 else { throw error }
      // There may be room for a gap record at least, and so for a new segment in the place of the oldest.
      writer = try open(index.base, position, position + SegmentWriter.reserve(of: segmentBytes), disk)
    }
    let newest = SegmentList.Segment(base: index.base, bytes: position)
    return Prepared(writer: writer, endOffset: endOffset, index: index, newest: [newest])
  }

  private func open(
    _ base: Offset, _ position: Int, _ bytes: Int, _ disk: any Disk
  ) throws(SystemError) -> SegmentWriter {
    try SegmentWriter.resume(base: base, position: position, bytes: bytes, in: directory.segments, on: disk)
  }

  /// Keeps the torn bytes and puts a gap record in their place.
  private mutating func cut(
    _ torn: Range<Int>, _ endOffset: Offset, _ index: SegmentIndex, _ disk: any Disk
  ) throws(SystemError) {
    let name = SegmentName.fileName(base: index.base)
    let file = try disk.open(directory.file(.segment, index.base), .readWrite)
    try Quarantine(directory, disk).keep(torn, of: file, named: name)
    let place = "\(name) at byte \(torn.lowerBound), cut after a power cut or crash"
    var builder = RecordBatchBuilder(capacity: 512)
    builder.append(
      topic: Topic.gap.utf8.span.bytes,
      payload: GapRecord(.tornTail, count: torn.count, place: place).payload.span.bytes, at: now)
    builder.finish(baseOffset: endOffset)
    try builder.withBytes { bytes throws(SystemError) in try file.write(bytes, at: torn.lowerBound) }
    try file.sync()
    // What is allocated behind it again is zeros.
    let end = torn.lowerBound + builder.byteCount
    try file.truncate(to: end)
    try file.sync()
    var header = builder.currentHeader
    header.baseOffset = endOffset
    var index = index
    index.add(header, at: torn.lowerBound)
    task = .resume(position: end, endOffset: endOffset + 1, index)
  }

  private mutating func mend(_ base: Offset, _ disk: any Disk) throws(SystemError) {
    var rewriter = try SegmentRewriter(.mend, base: base, in: directory, on: disk)
    _ = try rewriter.rewrite(to: nil)
    let lost = rewriter.lost.reduce(0) { $0 + $1.count }
    let places = rewriter.lost.map { "\($0.lowerBound) to \($0.upperBound - 1)" }.joined(separator: ", ")
    let place = "\(lost > 0 ? "offsets \(places)" : "the end"), \(SegmentName.fileName(base: base))"
    try rewriter.append(GapRecord(.damage, count: lost, place: place), at: now)
    let mended = try rewriter.finish()
    var segment = SegmentList.Segment(base: base, bytes: mended.bytes)
    segment.summary = mended.index.summary
    let list = SegmentList([segment], durableEnd: 0)
    _ = try SegmentInstaller(directory: directory, disk: disk).install(mended, in: list)
    task = .begin(base: mended.index.summary.endOffset, before: segment)
  }
}
