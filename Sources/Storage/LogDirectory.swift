import Bytes
import Platform
import Records

/// What is where in a data directory.
///
/// ```
/// lock                          names the process that has the directory
/// epoch                         the log's random id, sixteen hexadecimal digits and a newline
/// log/00000000000000000000.log  segments, by base offset; beside them `.index` and `.topics`, which can be made anew
/// history                       how long the log has run and what it has written; may be missing
/// cursors/route/NAME            one file a consumer
/// mqtt/state                    the MQTT listener's sessions and retained messages, which the log has, too, for a while
/// quarantine/                   bytes that recovery took out of the log
/// ```
package struct LogDirectory: Hashable, Sendable {
  package let path: String

  package init(_ path: String) {
    self.path = path
  }

  var lock: String { path + "/lock" }
  var epoch: String { path + "/epoch" }
  var history: String { path + "/history" }
  static let segmentsName = "log"
  package var segments: String { path + "/" + Self.segmentsName }
  var cursors: String { path + "/cursors" }
  var quarantine: String { path + "/quarantine" }

  func file(_ kind: SegmentName.Kind, _ base: Offset) -> String {
    segments + "/" + SegmentName.fileName(kind, base: base)
  }

  /// The segments by their file names, oldest first, with the sizes of their files and what their indexes say.
  func listSegments(_ disk: any Disk) throws(SystemError) -> [SegmentList.Segment] {
    let names = Set(try disk.list(segments))
    var found: [SegmentList.Segment] = []
    for base in names.compactMap(SegmentName.base(of:)).sorted() {
      do throws(SystemError) {
        let bytes = try disk.open(file(.segment, base), .read).size()
        found.append(SegmentList.Segment(base: base, bytes: bytes))
      } catch {
        // Retention may take a file between the listing and here, when another process keeps the log.
        guard error.isNotFound else { throw error }
        continue
      }
      guard names.contains(SegmentName.fileName(.index, base: base)) else { continue }
      found[found.count - 1].summary = readSummary(of: found[found.count - 1], disk)
    }
    return found
  }

  /// What the segment's index says of it; nil where there is none that is about this file.
  private func readSummary(of segment: SegmentList.Segment, _ disk: any Disk) -> SegmentSummary? {
    guard let header = readSideFile(.index, segment.base, upTo: SegmentIndex.headerBytes, disk) else { return nil }
    return SegmentIndex.parseSummary(header.span.bytes, base: segment.base, segmentBytes: segment.bytes)
  }

  /// The segment's index; nil where there is none that is about this file.
  func readIndex(of segment: SegmentList.Segment, _ disk: any Disk) -> SegmentIndex? {
    guard let bytes = readSideFile(.index, segment.base, upTo: 4 << 20, disk) else { return nil }
    return SegmentIndex(bytes.span.bytes, base: segment.base, segmentBytes: segment.bytes)
  }

  /// Whether the segment may hold a record that one of `filters` matches, as far as its list of topics tells.
  func mayMatch(_ filters: [TopicFilter], _ segment: SegmentList.Segment, _ disk: any Disk) -> Bool {
    let limit = 2 * SegmentTopics.maximumBytes
    guard let bytes = readSideFile(.topics, segment.base, upTo: limit, disk) else { return true }
    return SegmentTopics.mayMatch(
      filters, bytes.span.bytes, base: segment.base, segmentBytes: segment.bytes)
  }

  /// Whether, by what lies beside it, a sealed segment holds no topic but such as one of `filters` matches.
  func matchesWholly(_ filters: [TopicFilter], _ segment: SegmentList.Segment, _ disk: any Disk) -> Bool {
    guard let bytes = readSideFile(.topics, segment.base, upTo: 2 * SegmentTopics.maximumBytes, disk) else {
      return false
    }
    return SegmentTopics.matchesWholly(filters, bytes.span.bytes, base: segment.base, segmentBytes: segment.bytes)
  }

  /// A side file is a hint: one that cannot be read is as good as missing.
  func readSideFile(
    _ kind: SegmentName.Kind, _ base: Offset, upTo limit: Int, _ disk: any Disk
  ) -> [UInt8]? {
    do throws(SystemError) {
      let file = try disk.open(file(kind, base), .read)
      let count = min(try file.size(), limit)
      var bytes = ByteWriter(capacity: count)
      _ = try bytes.append(upTo: count) { room throws(SystemError) in try file.read(into: room, at: 0) }
      return bytes.array
    } catch {
      return nil
    }
  }

  /// Removes a segment and what lies beside it. Not durable before the directory is synced.
  func removeSegment(_ base: Offset, _ disk: any Disk) throws(SystemError) {
    try disk.remove(file(.segment, base))
    for kind in [SegmentName.Kind.index, .topics] {
      do throws(SystemError) {
        try disk.remove(file(kind, base))
      } catch {
        // What stays is removed by the next recovery, as it belongs to no segment.
        guard error.isNotFound else { throw error }
      }
    }
  }

  /// The epoch; nil where there is none or it is damaged.
  func readEpoch(_ disk: any Disk) throws(SystemError) -> LogEpoch? {
    do throws(SystemError) {
      let file = try disk.open(epoch, .read)
      var text = ByteWriter(capacity: 32)
      _ = try text.append(upTo: 16) { room throws(SystemError) in try file.read(into: room, at: 0) }
      return LogEpoch(text.bytes.text)
    } catch {
      guard error.isNotFound else { throw error }
      return nil
    }
  }

  /// Writes `newEpoch` under a temporary name, syncs, renames, syncs the directory.
  func writeEpoch(_ newEpoch: LogEpoch, _ disk: any Disk) throws(SystemError) {
    let temporary = epoch + ".new"
    let file = try disk.open(temporary, .readWriteOrCreate)
    try file.truncate(to: 0)
    var text = ByteWriter(capacity: 32)
    text.append(newEpoch.description + "\n")
    try file.write(text.bytes, at: 0)
    try file.sync()
    try disk.rename(temporary, to: epoch)
    try disk.syncDirectory(path)
  }
}
