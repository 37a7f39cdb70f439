import Bytes
import Platform
import Records

/// Brings a data directory into a state that can be appended to, whatever the last power cut left there.
///
/// Only the newest segment is read; older ones were synced and closed before it was made. What it finds and does is in
/// `report`, a line each, for the operator. It deletes nothing but leftover temporary files: torn bytes go to `quarantine/`.
/// On a full disk, what it has to write waits (`SegmentPreparation`): the log is open then, to be read.
struct Recovery {
  private let directory: LogDirectory
  private let configuration: LogConfiguration
  private let disk: any Disk

  private(set) var report: [String] = []
  /// To be appended to the log as soon as it is open.
  private(set) var gaps: [GapRecord] = []
  private var newestRecord: Timestamp?

  init(_ configuration: LogConfiguration, disk: any Disk) {
    self.configuration = configuration
    directory = LogDirectory(configuration.directory)
    self.disk = disk
  }

  struct Recovered {
    let epoch: LogEpoch
    let segments: SegmentList
    let endOffset: Offset
    let preparation: SegmentPreparation
    /// Nil where there was no room to prepare it.
    let writer: SegmentWriter?
    /// Of the newest record; nil where the newest segment has none.
    let newestRecord: Timestamp?
  }

  mutating func run() throws(SystemError) -> Recovered {
    try disk.createDirectory(directory.segments)
    try removeTemporaryFiles()
    var segments = try directory.listSegments(disk)
    let (epoch, isEpochNew) = try recoverEpoch(isNewLog: segments.isEmpty)
    var endOffset: Offset = 0
    var target = SegmentPreparation.Target.create(base: 0)
    if let newest = segments.last {
      switch try recover(newest) {
      case .goOn(let position, let end, let tornBytes):
        endOffset = end
        target = .resume(base: newest.base, position: position, tornBytes: tornBytes)
        segments[segments.count - 1].bytes = position
      case .beginAnew(let end):
        endOffset = end
        target = .create(base: end)
      }
    }
    var preparation = SegmentPreparation(
      target, epoch: isEpochNew ? epoch : nil, segmentBytes: configuration.segmentBytes, directory: directory)
    let writer = try prepare(&preparation)
    if case .create(let base) = target, writer != nil { segments.append(SegmentList.Segment(base: base, bytes: 0)) }
    return Recovered(
      epoch: epoch, segments: SegmentList(segments, durableEnd: endOffset), endOffset: endOffset,
      preparation: preparation, writer: writer, newestRecord: newestRecord)
  }

  private mutating func prepare(_ preparation: inout SegmentPreparation) throws(SystemError) -> SegmentWriter? {
    do throws(SystemError) {
      return try preparation.run(disk)
    } catch {
      guard error.isOutOfSpace else { throw error }
      report.append("no room on the disk to append to the log (\(error)); what it has can be read")
      return nil
    }
  }

  private mutating func removeTemporaryFiles() throws(SystemError) {
    for name in try disk.list(directory.segments) where name.hasSuffix(SegmentName.temporarySuffix) {
      do throws(SystemError) {
        try disk.remove(directory.segments + "/" + name)
      } catch {
        // Some file systems need room even to remove.
        guard error.isOutOfSpace else { throw error }
        continue
      }
      report.append("removed \(name), a segment that was being made when the process ended")
    }
  }

  private mutating func recoverEpoch(isNewLog: Bool) throws(SystemError) -> (LogEpoch, isNew: Bool) {
    if let epoch = try directory.readEpoch(disk) { return (epoch, false) }
    let epoch = LogEpoch(Int64(Randomness.uint64() >> 1) | 1)
    if !isNewLog {
      report.append(
        "the epoch file was missing or damaged; records are identified by the new epoch \(epoch) from now on")
    }
    return (epoch, true)
  }

  /// Where the next record goes.
  private enum Continuation {
    case goOn(at: Int, endOffset: Offset, tornBytes: Int)
    case beginAnew(endOffset: Offset)
  }

  private mutating func recover(_ newest: SegmentList.Segment) throws(SystemError) -> Continuation {
    let name = SegmentName.fileName(base: newest.base)
    let file = try disk.open(directory.segments + "/" + name, .readWrite)
    var scanner = BatchScanner(file, base: newest.base)
    switch try SegmentVerdict.judge(&scanner, progress: { header, _ in newestRecord = header.maxTimestamp }) {
    case .clean(let end, let endOffset):
      return .goOn(at: end, endOffset: endOffset, tornBytes: 0)
    case .tornTail(let end, let endOffset, let tornBytes):
      report.append(
        "\(name): cut a torn tail of \(tornBytes) bytes at byte \(end), before offset \(endOffset); nothing in it had been acknowledged"
      )
      return .goOn(at: end, endOffset: endOffset, tornBytes: tornBytes)
    case .damagedMiddle(_, let endOffset, let damage):
      // The file stays as it is, readers find their way past the damage; new records go to a new segment.
      let bytes = damage.reduce(0) { $0 + $1.count }
      report.append(
        "\(name): \(bytes) bytes in \(damage.count) places are damaged, first at byte \(damage[0].lowerBound); the records around them are kept"
      )
      gaps.append(GapRecord(.damage, count: bytes, place: "\(name) at byte \(damage[0].lowerBound)"))
      // A segment whose every batch is damaged has the base that the next one would have.
      return endOffset == newest.base
        ? .goOn(at: newest.bytes, endOffset: endOffset, tornBytes: 0) : .beginAnew(endOffset: endOffset)
    }
  }
}
