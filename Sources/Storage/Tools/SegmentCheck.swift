import Platform
import Records

/// Checks one segment: every batch, what is inside it, and that its offsets join those of the segments around it.
struct SegmentCheck: ~Copyable {
  private let segment: SegmentList.Segment
  private let name: String
  /// The base of the next segment; nil: this is the newest, whose end may be moving.
  private let nextBase: Offset?
  private let file: any DiskFile
  private var walk: SegmentWalk
  private var batchCheck = BatchCheck()
  private var sideFiles: SideFileCheck
  private(set) var totals = LogTotals()

  /// Damage whose lost offsets are known only when the next batch is.
  private var pending: (bytes: Range<Int>, problem: BatchProblem, first: Offset)?

  /// - Parameter nextBase: of the next segment; nil: there is none, and the end may be moving.
  static func open(
    base: Offset, nextBase: Offset?, in directory: LogDirectory, on disk: any Disk, time: any TimeSource
  ) throws(SystemError) -> SegmentCheck {
    let file = try disk.open(directory.file(.segment, base), .read)
    // The disk is to be checked, not what memory has of it. Where it cannot forget, there is nothing else to read.
    if nextBase != nil { try? file.reload() }
    let segment = SegmentList.Segment(base: base, bytes: try file.size())
    return SegmentCheck(
      segment, file, nextBase: nextBase, sideFiles: SideFileCheck(segment, directory, disk), time: time)
  }

  private init(
    _ segment: SegmentList.Segment, _ file: any DiskFile, nextBase: Offset?, sideFiles: consuming SideFileCheck,
    time: any TimeSource
  ) {
    self.segment = segment
    self.file = file
    self.nextBase = nextBase
    self.sideFiles = sideFiles
    name = LogDirectory.segmentsName + "/" + SegmentName.fileName(base: segment.base)
    walk = SegmentWalk(file, base: segment.base, limit: nextBase, growth: nextBase == nil ? time : nil)
  }

  var endOffset: Offset { walk.endOffset }

  /// Reads the segment to its end.
  /// - Parameters:
  ///   - found: called with each finding.
  ///   - progress: called with how many bytes of the file have been gone over.
  mutating func run(
    found report: (LogFinding) -> Void, progress: (Int) -> Void = { _ in }
  ) throws(SystemError) {
    var isWhole = true
    let (file, bytes, isClosed) = (file, segment.bytes, nextBase != nil)
    func found(_ finding: LogFinding) {
      if finding.kind == .damage {
        isWhole = false
        // Retention gives a segment's blocks back before it removes it: what is missing then is no damage.
        if isClosed, let now = try? file.size(), now < bytes { return }
      }
      report(finding)
    }
    try walkThrough(found, progress)
    guard nextBase != nil else { return }
    for finding in sideFiles.findings(isWhole: isWhole) { report(finding) }
  }

  private mutating func walkThrough(
    _ found: (LogFinding) -> Void, _ progress: (Int) -> Void
  ) throws(SystemError) {
    while true {
      switch try walk.next() {
      case .batch(let header, let position):
        finishPending(before: header.baseOffset, found)
        check(header, at: position, found)
        progress(position + header.batchBytes)
      case .damage(let bytes, let problem, _):
        pending = (bytes, problem, walk.endOffset)
      case .tail(let bytes, let problem, _):
        finishPending(before: walk.endOffset, found)
        return checkTail(bytes, problem, found)
      case .end(let position):
        finishPending(before: nextBase ?? walk.endOffset, found)
        return checkEnd(at: position, found)
      case .newerVersion(let magic):
        return found(
          LogFinding(
            .damage, file: name, offsets: nextBase.map { segment.base..<$0 },
            problem: "a newer version of Forebay wrote it, in format \(magic)",
            remedy: "install the newer version again to read it; it is kept as it is"))
      }
    }
  }

  private mutating func check(
    _ header: RecordBatchHeader, at position: Int, _ found: (LogFinding) -> Void
  ) {
    let bytes = position..<(position + header.batchBytes)
    let offsets = header.baseOffset..<header.endOffset
    if let problem = Self.problem(inside: header, walk, &batchCheck, &sideFiles) {
      return found(
        LogFinding(
          .damage, file: name, bytes: bytes, offsets: offsets, problem: problem.description,
          remedy: "nothing is changed in a batch with a right checksum: what can be read of it is read; keep the file"
            + " and report it"))
    }
    totals.bytes += header.batchBytes
    sideFiles.add(header, at: position)
    guard header.recordCount > 0 else {
      return found(
        LogFinding(
          .lost, file: name, bytes: bytes, offsets: offsets,
          problem: "these records were lost earlier; the batch holds their place", remedy: "nothing"))
    }
    totals.batches += 1
    totals.records += Int(header.recordCount)
    let missing = offsets.count - Int(header.recordCount)
    if missing > 0 {
      totals.lostOffsets += missing
      found(
        LogFinding(
          .remark, file: name, bytes: bytes, offsets: offsets,
          problem: "the batch has no records for \(missing) of its offsets, which were lost earlier", remedy: "nothing")
      )
    }
  }

  private static func problem(
    inside header: RecordBatchHeader, _ walk: borrowing SegmentWalk, _ check: inout BatchCheck,
    _ sideFiles: inout SideFileCheck
  ) -> BatchProblem? {
    check.problem(in: walk.batch(header), header) { sideFiles.add($0) }
  }

  private mutating func finishPending(before offset: Offset, _ found: (LogFinding) -> Void) {
    guard let (bytes, problem, first) = pending.take() else { return }
    found(damage(bytes, first < offset ? first..<offset : nil, problem.description))
  }

  private func checkTail(_ bytes: Range<Int>, _ problem: BatchProblem, _ found: (LogFinding) -> Void) {
    guard let nextBase else {
      return found(
        LogFinding(
          .remark, file: name, bytes: bytes,
          problem: "\(problem), at the end of the newest segment: a batch that is just being written, or that a power"
            + " cut tore, never acknowledged",
          remedy: "nothing, the next start cuts it and keeps the bytes in quarantine/", treatment: .recover))
    }
    found(damage(bytes, walk.endOffset < nextBase ? walk.endOffset..<nextBase : nil, problem.description))
  }

  private func checkEnd(at position: Int, _ found: (LogFinding) -> Void) {
    guard let nextBase, nextBase > walk.endOffset else { return }
    found(damage(position..<position, walk.endOffset..<nextBase, "records are missing at the end of the segment"))
  }

  private func damage(_ bytes: Range<Int>, _ offsets: Range<Offset>?, _ problem: String) -> LogFinding {
    LogFinding(
      .damage, file: name, bytes: bytes, offsets: offsets, problem: problem, remedy: LogFinding.repair,
      treatment: nextBase == nil ? .recover : .mend)
  }
}
