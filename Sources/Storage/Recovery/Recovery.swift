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
/// | … that the disk does not give in places | left as it is; goes on in a new segment above any offset it may have |
/// | … of a newer version | left as it is; goes on in a new segment above any offset it may have |
/// | a cursor behind the end of the log | records that were consumed are gone: a new epoch, since their offsets will be given again, and the cursor is moved to the end |
/// | no epoch, or a damaged one | a new epoch |
///
/// Only the newest segment is read; older ones were synced and closed before it was made, and are looked after by the
/// `Sealer`. So the time to open a log does not depend on its size. What is found and done is in `report`, a line each.
/// On a full disk, what it has to write waits (`SegmentPreparation`): the log is open then, to be read.
struct Recovery {
  private let directory: LogDirectory
  private let configuration: LogConfiguration
  private let disk: any Disk
  private let now: Timestamp

  private(set) var report: [String] = []
  private var newestRecord: Timestamp?

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
    let preparation: SegmentPreparation
    /// Nil where there was no room to prepare it.
    let writer: SegmentWriter?
    /// Of the newest record; nil where the newest segment has none.
    let newestRecord: Timestamp?
  }

  mutating func run() throws(SystemError) -> Recovered {
    try disk.createDirectory(directory.segments)
    // The process before may have ended between a rename and its sync: what is found from here on must stay.
    try disk.syncDirectory(directory.segments)
    try removeLeftovers()
    var segments = try directory.listSegments(disk)
    var endOffset: Offset = 0
    var task = SegmentPreparation.Task.begin(base: 0, before: nil)
    if let newest = segments.last {
      do throws(SystemError) {
        (task, endOffset) = try judge(newest)
      } catch {
        guard let before = segments.dropLast().last,
          BatchScanner.isReadable(before.base, isClosed: true, in: directory, disk)
        else { throw error }
        (task, endOffset) = leave(newest, next: newest.base + Offset(newest.bytes))
      }
      segments[segments.count - 1].summary = nil
    }
    let (epoch, newEpoch) = try recoverEpoch(isNewLog: segments.isEmpty, endOffset: endOffset)
    var preparation = SegmentPreparation(
      task, epoch: newEpoch, segmentBytes: configuration.segmentBytes, directory: directory, now: now)
    let prepared = try prepare(&preparation)
    if let prepared { segments.replaceSubrange(segments.indices.suffix(1), with: prepared.newest) }
    let end = prepared?.endOffset ?? endOffset
    return Recovered(
      epoch: epoch, segments: SegmentList(segments, durableEnd: end, newestIndex: prepared?.index), endOffset: end,
      preparation: preparation, writer: prepared?.writer, newestRecord: newestRecord)
  }

  private mutating func prepare(
    _ preparation: inout SegmentPreparation
  ) throws(SystemError) -> SegmentPreparation.Prepared? {
    do throws(SystemError) {
      return try preparation.run(disk)
    } catch {
      guard error.isOutOfSpace else { throw error }
      report.append("no room on the disk to append to the log (\(error)); what it has can be read")
      return nil
    }
  }

  /// Temporary files, and side files of segments that are no longer there.
  private mutating func removeLeftovers() throws(SystemError) {
    let names = try disk.list(directory.segments)
    for name in names {
      let isTemporary = name.hasSuffix(SegmentName.temporarySuffix)
      let belongsTo = SegmentName.parse(name).flatMap {
        $0.kind == .segment ? nil : SegmentName.fileName(base: $0.base)
      }
      guard isTemporary || belongsTo.map({ !names.contains($0) }) ?? false else { continue }
      do throws(SystemError) {
        try disk.remove(directory.segments + "/" + name)
      } catch {
        // Some file systems need room even to remove.
        guard error.isOutOfSpace else { throw error }
        continue
      }
      if isTemporary { report.append("removed \(name), which was being made when the process ended") }
    }
  }

  private mutating func recoverEpoch(
    isNewLog: Bool, endOffset: Offset
  ) throws(SystemError) -> (LogEpoch, new: SegmentPreparation.NewEpoch?) {
    try disk.syncDirectory(directory.path)
    let found = try directory.readEpoch(disk)
    let ahead = try Cursor.positions(in: directory.cursors, disk).filter { $0.position > endOffset }
    if let found, ahead.isEmpty { return (found, nil) }
    let epoch = LogEpoch(Int64(Randomness.uint64() >> 1) | 1)
    for consumer in ahead {
      report.append(
        "the log ends at offset \(endOffset), but \(consumer.name) had come to \(consumer.position): records are gone that were on disk, so that new ones are identified by the new epoch \(epoch)"
      )
    }
    if found == nil, !isNewLog {
      report.append(
        "the epoch file was missing or damaged; records are identified by the new epoch \(epoch) from now on")
    }
    return (epoch, SegmentPreparation.NewEpoch(epoch: epoch, endOffset: endOffset, cursorsAhead: ahead.map(\.name)))
  }

  /// What has to be done with the newest segment, and where the records end that can be read.
  private mutating func judge(
    _ newest: SegmentList.Segment
  ) throws(SystemError) -> (SegmentPreparation.Task, endOffset: Offset) {
    let name = SegmentName.fileName(base: newest.base)
    var index = SegmentIndex(base: newest.base)
    let file = try disk.open(directory.file(.segment, newest.base), .read)
    // The process before may have ended since a sync had failed.
    try file.reload()
    var scanner = BatchScanner(file, base: newest.base, passesUnreadable: true)
    let verdict = try SegmentVerdict.judge(&scanner) { header, position in
      index.add(header, at: position)
      newestRecord = header.maxTimestamp
    }
    if scanner.hasUnreadable, let next = verdict.nextOffset(behind: newest) {
      return leave(newest, next: next)
    }
    switch verdict {
    case .clean(let end, let endOffset):
      return (.resume(position: end, endOffset: endOffset, index), endOffset)
    case .tornTail(let end, let endOffset, let tornBytes):
      report.append(
        "\(name): cut a torn tail of \(tornBytes) bytes at byte \(end), before offset \(endOffset); unless the disk is damaged, nothing in it had been acknowledged"
      )
      return (.cut(position: end, endOffset: endOffset, tornBytes: tornBytes, index), endOffset)
    case .damagedMiddle(_, let endOffset, let damage):
      let bytes = damage.reduce(0) { $0 + $1.count }
      report.append(
        "\(name): \(bytes) bytes in \(damage.count) places are damaged, first at byte \(damage[0].lowerBound); the records around them are kept, and the damaged bytes go to \(directory.quarantine)"
      )
      return (.mend(base: newest.base), endOffset)
    case .unknownVersion(let magic):
      // A record takes more than a byte: no offset in it is above this.
      let next = newest.base + Offset(newest.bytes)
      report.append(
        "\(name) was written by a newer version of Forebay (format \(magic)); it is left as it is, and readers pass over it; install the newer version again to read it"
      )
      return (.begin(base: next, before: newest), newest.base)
    }
  }

  /// What the disk does not give may be given another day: the segment is left as it is, and readers pass over what they
  /// cannot read.
  private mutating func leave(
    _ newest: SegmentList.Segment, next: Offset
  ) -> (SegmentPreparation.Task, endOffset: Offset) {
    report.append(
      "\(SegmentName.fileName(base: newest.base)) has bytes that the disk does not give; it is left as it is, and new records go to another segment; look at the disk's health (dmesg)"
    )
    return (.begin(base: next, before: newest), next)
  }
}

extension SegmentVerdict {
  /// What no record of `segment` can have, where not all of it could be read; nil where what could not was not needed.
  fileprivate func nextOffset(behind segment: SegmentList.Segment) -> Offset? {
    switch self {
    case .clean: nil
    case .damagedMiddle(let end, let endOffset, let damage) where damage.last.map({ $0.lowerBound < end }) ?? false:
      endOffset
    // A record takes more than a byte.
    case .damagedMiddle, .tornTail, .unknownVersion: segment.base + Offset(segment.bytes)
    }
  }
}
