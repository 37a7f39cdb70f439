import Platform
import Records

// Doing it.
extension LogRepair {
  /// The sixteen digits may be readable for a person still.
  mutating func keepDamagedEpoch() throws(SystemError) {
    guard try directory.readEpoch(disk) == nil, try disk.list(directory.path).contains("epoch") else { return }
    let file = try disk.open(directory.epoch, .read)
    try keep(0..<(try file.size()), of: file, named: "epoch")
  }

  private mutating func keep(_ range: Range<Int>, of file: any DiskFile, named name: String) throws(SystemError) {
    guard !range.isEmpty else { return }
    try Quarantine(directory, disk).keep(range, of: file, named: name)
    totals.quarantinedBytes += range.count
  }

  mutating func remove(
    _ kind: SegmentName.Kind, _ base: Offset, _ did: (Step) -> Void
  ) throws(StorageError) {
    do throws(SystemError) {
      try disk.remove(directory.file(kind, base))
      try disk.syncDirectory(directory.segments)
    } catch {
      // Opening the log may have removed it.
      guard error.isNotFound else { throw .disk(error) }
    }
    let file = LogDirectory.segmentsName + "/" + SegmentName.fileName(kind, base: base)
    note(Step(kind: .repaired, file: file, text: "removed, since it was not right; the daemon makes it anew"), did)
  }

  /// Moves a cursor into the log; one that cannot be read goes to the quarantine.
  mutating func move(_ name: String, _ log: Log, _ did: (Step) -> Void) throws(StorageError) {
    let file = CursorCheck.prefix + name
    let stored: CursorCheck.Stored
    do throws(SystemError) {
      stored = try CursorCheck.read(name, in: directory, disk)
      if stored.newest == nil {
        let path = directory.cursors + "/" + name
        let contents = try disk.open(path, .read)
        let safeName = "cursor-" + String(name.map { $0 == "/" ? "-" : $0 })
        try keep(0..<(try contents.size()), of: contents, named: safeName)
        try disk.remove(path)
        try disk.syncDirectory(String(path[..<path.lastIndex(of: "/")!]))
        let text = "could not be read and is in the quarantine; the consumer begins with the oldest record again"
        return note(Step(kind: .repaired, file: file, text: text), did)
      }
    } catch {
      throw .disk(error)
    }
    let before = stored.newest?.position ?? 0
    var cursor = try log.openCursor(name)
    // Opening the log may have moved it.
    guard cursor.position != before else { return }
    try cursor.commit(cursor.position)
    note(Step(kind: .repaired, file: file, text: "moved from offset \(before) to \(cursor.position)"), did)
  }

  /// Writes a closed segment anew. Where the disk does not let it, the segment stays as it is.
  mutating func mend(_ base: Offset, _ log: Log, _ did: (Step) -> Void) throws(StorageError) {
    let file = LogDirectory.segmentsName + "/" + SegmentName.fileName(base: base)
    do throws(SystemError) {
      guard let next = log.segments.first(where: { $0.base > base })?.base else { return }
      var rewriter = try SegmentRewriter(.mend, base: base, in: directory, on: disk)
      _ = try rewriter.rewrite(to: next)
      let rewritten = try rewriter.finish()
      let installer = SegmentInstaller(directory: directory, disk: disk)
      guard note(rewritten.lost, of: base, log) else {
        installer.discard(rewritten)
        return note(Step(kind: .left, file: file, text: "the loss could not be noted in the log; run this again"), did)
      }
      let list = SegmentList([SegmentList.Segment(base: base, bytes: 0)], durableEnd: 0)
      _ = try installer.install(rewritten, in: list)
      count(rewritten)
      note(Step(kind: .repaired, file: file, text: Self.summary(rewritten)), did)
    } catch {
      let remedy = error.isOutOfSpace ? "make room on the disk" : "look at the disk's health (dmesg)"
      note(
        Step(kind: .left, file: file, text: "could not be written anew: \(error); \(remedy) and run this again"), did)
    }
  }

  private mutating func count(_ rewritten: RewrittenSegment) {
    totals.lostRecords += rewritten.lostRecords
    totals.quarantinedBytes += rewritten.damage.reduce(0) { $0 + $1.count }
  }

  /// Says in the log itself what was lost; false where that could not be made durable.
  private func note(_ lost: [Range<Offset>], of base: Offset, _ log: Log) -> Bool {
    guard !lost.isEmpty else { return true }
    var appender = log.makeAppender(alsoWhenRefusing: true)
    let now = Timestamp(milliseconds: time.wallMilliseconds())
    for lost in lost {
      let place = "offsets \(lost.lowerBound) to \(lost.upperBound - 1), \(SegmentName.fileName(base: base))"
      appender.append(GapRecord(.damage, count: lost.count, place: place), at: now)
    }
    appender.flush()
    return log.commitStep() && appender.durableTickets == appender.appendedTickets
  }

  private static func summary(_ rewritten: RewrittenSegment) -> String {
    let bytes = rewritten.damage.reduce(0) { $0 + $1.count }
    let places = rewritten.damage.map { "\($0.lowerBound) to \($0.upperBound - 1)" }.joined(separator: ", ")
    let lost = rewritten.lost.map { "\($0.lowerBound) to \($0.upperBound - 1)" }.joined(separator: ", ")
    var parts: [String] = []
    if bytes > 0 { parts.append("\(bytes) damaged bytes (\(places)) are in the quarantine") }
    parts.append(lost.isEmpty ? "no record is lost" : "records \(lost) are lost")
    return "written anew: " + parts.joined(separator: "; ")
  }
}
