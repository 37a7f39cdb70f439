import Records
import Storage

/// Reads what becomes durable as a consumer does that has caught up: with one reader for as long as the process runs.
final class SimulatedFollower {
  private var reader: LogReader

  init(_ log: Log) {
    reader = log.makeReader(at: log.durableEnd)
  }

  var position: Offset { reader.position }
  var skippedRecords: Int { reader.skippedRecords }

  func read() throws -> LogContents {
    var contents = LogContents()
    try contents.read(&reader)
    return contents
  }
}
