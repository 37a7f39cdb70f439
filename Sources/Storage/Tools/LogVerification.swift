package import Platform
import Records

/// Checks everything in a data directory, also beside a running daemon: takes no lock and changes nothing.
///
/// What moves meanwhile is not damage: the end of the newest segment, segments that retention takes, segments that are
/// rewritten. Memory does not grow with the log. One owner, one thread.
package struct LogVerification {
  private let directory: LogDirectory
  private let disk: any Disk
  private let time: any TimeSource
  private let cursors: [CursorCheck.Stored]
  private let segments: [SegmentList.Segment]
  private var totals = LogTotals()

  /// The bytes of all segments' files: what `progress` counts up to.
  package var totalBytes: Int { segments.reduce(0) { $0 + $1.bytes } }

  /// - Parameter path: the data directory.
  package init(
    directory path: String, disk: any Disk = LocalDisk(), time: any TimeSource = SystemTime()
  ) throws(StorageError) {
    directory = LogDirectory(path)
    self.disk = disk
    self.time = time
    do throws(SystemError) {
      // The cursors first: where they stand now is below the end that is found later.
      cursors = try CursorCheck.read(directory, disk)
      segments = try directory.listSegments(disk)
    } catch {
      throw .disk(error)
    }
    guard !segments.isEmpty else { throw .noLog(directory: path) }
  }

  /// Checks it all.
  /// - Parameters:
  ///   - found: called with each finding, in the order of the log.
  ///   - progress: called with how many of `totalBytes` have been gone over.
  package mutating func run(
    found report: (LogFinding) -> Void, progress: (Int) -> Void = { _ in }
  ) throws(StorageError) -> LogTotals {
    var counted = LogTotals()
    func found(_ finding: LogFinding) {
      counted.count(finding)
      report(finding)
    }
    var end = segments[0].base
    var bytesBefore = 0
    do throws(SystemError) {
      try checkEpoch(found)
      try checkOtherFiles(found)
      for (index, segment) in segments.enumerated() {
        let next = index + 1 < segments.count ? segments[index + 1].base : nil
        end = try check(segment, nextBase: next, found) { progress(bytesBefore + $0) } ?? next ?? end
        bytesBefore += segment.bytes
        progress(bytesBefore)
      }
      let start = try directory.listSegments(disk).first?.base ?? segments[0].base
      for cursor in cursors {
        for finding in CursorCheck.findings(cursor, log: min(start, end)..<end) { found(finding) }
      }
    } catch {
      throw .disk(error)
    }
    totals.damaged = counted.damaged
    totals.lostOffsets += counted.lostOffsets
    totals.remarks = counted.remarks
    return totals
  }

  /// - Returns: the offset behind the segment's last batch; nil where the segment is not there any more.
  private mutating func check(
    _ segment: SegmentList.Segment, nextBase: Offset?, _ found: (LogFinding) -> Void, _ progress: (Int) -> Void
  ) throws(SystemError) -> Offset? {
    let name = SegmentName.fileName(base: segment.base)
    do throws(SystemError) {
      var check = try SegmentCheck.open(base: segment.base, nextBase: nextBase, in: directory, on: disk, time: time)
      try check.run(found: found, progress: progress)
      totals.add(check.totals)
      return check.endOffset
    } catch {
      // Retention may have taken it.
      if error.isNotFound { return nil }
      found(
        LogFinding(
          .damage, file: LogDirectory.segmentsName + "/" + name, offsets: nextBase.map { segment.base..<$0 },
          problem: "the disk does not give it: \(error)",
          remedy: "look at the disk's health (dmesg), and copy the data directory to another one while it can be read"))
      // Of the newest nobody knows the end then: no cursor is called wrong.
      return nextBase ?? Offset.max
    }
  }

  private func checkEpoch(_ found: (LogFinding) -> Void) throws(SystemError) {
    guard try directory.readEpoch(disk) == nil else { return }
    found(
      LogFinding(
        .damage, file: "epoch", problem: "the log's epoch is missing or damaged",
        remedy: "the next start makes a new one, and receivers will take what they get twice for new; restore the file"
          + " from a copy if there is one",
        treatment: .recover))
  }

  private func checkOtherFiles(_ found: (LogFinding) -> Void) throws(SystemError) {
    let names = try disk.list(directory.segments)
    for name in names {
      let file = LogDirectory.segmentsName + "/" + name
      if name.hasSuffix(SegmentName.temporarySuffix) {
        found(
          LogFinding(
            .remark, file: file, problem: "it is being made, or was when a power cut came",
            remedy: "nothing, the next start removes it", treatment: .recover))
      } else if let (_, base) = SegmentName.parse(name) {
        guard !names.contains(SegmentName.fileName(base: base)) else { continue }
        found(
          LogFinding(
            .remark, file: file, problem: "the segment it is about is not there any more",
            remedy: "nothing, the next start removes it", treatment: .recover))
      } else {
        found(
          LogFinding(
            .remark, file: file, problem: "it is none of the log's", remedy: "remove it if you do not need it"))
      }
    }
  }
}
