import Bytes
import Platform
import Records

/// What is where in a data directory.
///
/// ```
/// lock                          names the process that has the directory
/// epoch                         the log's random id, sixteen hexadecimal digits and a newline
/// history                       how long the log has run and what it has written; may be missing
/// log/00000000000000000000.log  segments, by base offset
/// cursors/route/NAME            one file a consumer
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
  package var segments: String { path + "/log" }
  var cursors: String { path + "/cursors" }
  var quarantine: String { path + "/quarantine" }

  /// The segments by their file names, oldest first, with the sizes of their files.
  func listSegments(_ disk: any Disk) throws(SystemError) -> [SegmentList.Segment] {
    var found: [SegmentList.Segment] = []
    for name in try disk.list(segments) {
      guard let base = SegmentName.base(of: name) else { continue }
      do throws(SystemError) {
        let file = try disk.open(segments + "/" + name, .read)
        found.append(SegmentList.Segment(base: base, bytes: try file.size()))
      } catch {
        // Retention may take a file between the listing and here, when another process keeps the log.
        guard error.isNotFound else { throw error }
      }
    }
    return found
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
