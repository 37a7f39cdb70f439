import Bytes
import Platform
import Records

/// Brings a data directory into a state that can be appended to, whatever the last power cut left there.
///
/// | found | done |
/// |---|---|
/// | nothing, or no segment | a log that begins at offset 0 |
/// | temporary files | removed: whatever was being made is made again |
/// | side files without their segment | removed |
/// | a newest segment that is empty, all zeros, or whole batches and zeros | goes on behind the last batch |
/// | … with a torn tail | its bytes are kept in the quarantine, a gap record is put in their place |
/// | … with damage between intact batches | written anew: damaged bytes to the quarantine, batches without records in place of what was lost, a gap record at its end; goes on in a new segment |
/// | … of a newer version | left as it is; goes on in a new segment above any offset it may have |
/// | a cursor behind the end of the log | records that were consumed are gone: a new epoch, since their offsets will be given again; the cursor is moved when it is opened |
/// | no epoch, or a damaged one | a new epoch |
///
/// Only the newest segment is read; older ones were synced and closed before it was made, and are looked after by the
/// `Sealer`. So the time to open a log does not depend on its size. What is found and done is in `report`, a line each.
struct Recovery {
  private let directory: LogDirectory
  private let configuration: LogConfiguration
  private let disk: any Disk
  private let now: Timestamp

  private(set) var report: [String] = []

  init(_ configuration: LogConfiguration, disk: any Disk, now: Timestamp) {
    self.configuration = configuration
    directory = LogDirectory(configuration.directory)
    self.disk = disk
    self.now = now
  }

  struct Recovered {
    let epoch: LogEpoch
    let segments: SegmentList
    let endOffset: Offset
    let writer: SegmentWriter
  }

  mutating func run() throws(SystemError) -> Recovered {
    try disk.createDirectory(directory.segments)
    try removeLeftovers()
    var segments = try directory.listSegments(disk)
    let isNewLog = segments.isEmpty
    let newest = try recoverNewest(&segments)
    let epoch = try recoverEpoch(isNewLog: isNewLog, endOffset: newest.endOffset)
    let list = SegmentList(segments, durableEnd: newest.endOffset, newestIndex: newest.index)
    return Recovered(epoch: epoch, segments: list, endOffset: newest.endOffset, writer: newest.writer)
  }

  /// Temporary files, and side files of segments that are no longer there.
  private mutating func removeLeftovers() throws(SystemError) {
    let names = try disk.list(directory.segments)
    for name in names {
      if name.hasSuffix(SegmentName.temporarySuffix) {
        try disk.remove(directory.segments + "/" + name)
        report.append("removed \(name), which was being made when the process ended")
      } else if let (kind, base) = SegmentName.parse(name), kind != .segment,
        !names.contains(SegmentName.fileName(base: base))
      {
        try disk.remove(directory.segments + "/" + name)
      }
    }
  }

  private mutating func recoverEpoch(isNewLog: Bool, endOffset: Offset) throws(SystemError) -> LogEpoch {
    let found = try directory.readEpoch(disk)
    let ahead = try Cursor.positions(in: directory.cursors, disk).filter { $0.position > endOffset }
    if let found, ahead.isEmpty { return found }
    let epoch = LogEpoch(Int64(Randomness.uint64() >> 1) | 1)
    try directory.writeEpoch(epoch, disk)
    for consumer in ahead {
      report.append(
        "the log ends at offset \(endOffset), but \(consumer.name) had come to \(consumer.position): records are gone that were on disk, so that new ones are identified by the new epoch \(epoch)"
      )
    }
    if found == nil, !isNewLog {
      report.append(
        "the epoch file was missing or damaged; records are identified by the new epoch \(epoch) from now on")
    }
    return epoch
  }
}

// The newest segment.
extension Recovery {
  private struct Newest {
    let writer: SegmentWriter
    let endOffset: Offset
    let index: SegmentIndex
  }

  /// - Parameter segments: with a new one at its end, where one was made.
  private mutating func recoverNewest(_ segments: inout [SegmentList.Segment]) throws(SystemError) -> Newest {
    guard let newest = segments.last else { return try begin(at: 0, &segments) }
    let name = SegmentName.fileName(base: newest.base)
    var index = SegmentIndex(base: newest.base)
    let file = try disk.open(directory.file(.segment, newest.base), .readWrite)
    var scanner = BatchScanner(file, base: newest.base)
    let verdict = try SegmentVerdict.judge(&scanner) { index.add($0, at: $1) }
    segments[segments.count - 1].summary = nil
    switch verdict {
    case .clean(let end, let endOffset):
      segments[segments.count - 1].bytes = end
      return Newest(writer: try resume(newest.base, end), endOffset: endOffset, index: index)
    case .tornTail(let end, let endOffset, let tornBytes):
      let position = try cutTail(of: file, name, end..<(end + tornBytes), endOffset, &index)
      segments[segments.count - 1].bytes = position
      return Newest(writer: try resume(newest.base, position), endOffset: endOffset + 1, index: index)
    case .damagedMiddle(_, _, let damage):
      let (endOffset, bytes, summary) = try mend(newest.base, name, damage)
      segments[segments.count - 1].bytes = bytes
      segments[segments.count - 1].summary = summary
      return try begin(at: endOffset, &segments)
    case .unknownVersion(let magic):
      // A record takes more than a byte: no offset in it is above this.
      let next = newest.base + Offset(newest.bytes)
      report.append(
        "\(name) was written by a newer version of Forebay (format \(magic)); it is left as it is, and readers pass over it; install the newer version again to read it"
      )
      return try begin(at: next, &segments)
    }
  }

  private func begin(
    at base: Offset, _ segments: inout [SegmentList.Segment]
  ) throws(SystemError) -> Newest {
    let writer = try SegmentWriter.create(
      base: base, bytes: configuration.segmentBytes, in: directory.segments, on: disk)
    segments.append(SegmentList.Segment(base: base, bytes: 0))
    return Newest(writer: writer, endOffset: base, index: SegmentIndex(base: base))
  }

  private func resume(_ base: Offset, _ position: Int) throws(SystemError) -> SegmentWriter {
    try SegmentWriter.resume(
      base: base, position: position, bytes: configuration.segmentBytes, in: directory.segments, on: disk)
  }

  /// Puts a gap record in the place of what was never whole, after keeping its bytes. A power cut in the middle of that
  /// leaves a torn tail again.
  /// - Returns: where the next batch goes.
  private mutating func cutTail(
    of file: any DiskFile, _ name: String, _ torn: Range<Int>, _ endOffset: Offset, _ index: inout SegmentIndex
  ) throws(SystemError) -> Int {
    try Quarantine(directory, disk).keep(torn, of: file, named: name)
    let place = "\(name) at byte \(torn.lowerBound), cut after a power cut or crash"
    var builder = RecordBatchBuilder(capacity: 512)
    builder.append(
      topic: Topic.gap.utf8.span.bytes,
      payload: GapRecord(.tornTail, count: torn.count, place: place).payload.span.bytes, at: now)
    builder.finish(baseOffset: endOffset)
    try builder.withBytes { bytes throws(SystemError) in try file.write(bytes, at: torn.lowerBound) }
    try file.sync()
    let end = torn.lowerBound + builder.byteCount
    // What is allocated behind it again is zeros.
    try file.truncate(to: end)
    try file.sync()
    var header = builder.currentHeader
    header.baseOffset = endOffset
    index.add(header, at: torn.lowerBound)
    report.append(
      "\(name): cut a torn tail of \(torn.count) bytes at byte \(torn.lowerBound), before offset \(endOffset); unless the disk is damaged, nothing in it had been acknowledged"
    )
    return end
  }

  /// Writes the damaged segment anew. All at once: a power cut leaves it as it was.
  private mutating func mend(
    _ base: Offset, _ name: String, _ damage: [Range<Int>]
  ) throws(SystemError) -> (endOffset: Offset, bytes: Int, summary: SegmentSummary) {
    var rewriter = try SegmentRewriter(.mend, base: base, in: directory, on: disk)
    _ = try rewriter.rewrite(to: nil)
    let lost = rewriter.lost.reduce(0) { $0 + $1.count }
    let bytes = damage.reduce(0) { $0 + $1.count }
    let places = rewriter.lost.map { "\($0.lowerBound) to \($0.upperBound - 1)" }.joined(separator: ", ")
    try rewriter.append(GapRecord(.damage, count: lost, place: "offsets \(places), \(name)"), at: now)
    let mended = try rewriter.finish()
    let list = SegmentList([SegmentList.Segment(base: base, bytes: 0)], durableEnd: 0)
    _ = try SegmentInstaller(directory: directory, disk: disk).install(mended, in: list)
    report.append(
      "\(name): \(bytes) bytes in \(damage.count) places are damaged, first at byte \(damage[0].lowerBound); \(lost) records are lost, those around them are kept, and the damaged bytes are in \(directory.quarantine)"
    )
    return (mended.index.summary.endOffset, mended.bytes, mended.index.summary)
  }
}
