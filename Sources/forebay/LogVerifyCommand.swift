import Daemon
import Platform
import Records
import Storage

extension Command {
  static let logVerify = Command(
    name: "log verify",
    summary: "reads every batch of the log and checks it",
    details: [
      "Reads the whole log, also while the daemon runs, and changes nothing. Damage is reported with its segment and"
        + " byte; exit code 1 says that there was some.",
      "Bytes behind the newest batch may be one that the daemon is just writing, or the torn tail of a power cut, which"
        + " the next start cuts.",
    ],
    options: [.data],
    examples: [
      Example(line: "forebay log verify --data /var/lib/forebay", purpose: "checks the installed daemon's log")
    ],
    run: { arguments in try LogVerification(arguments.dataDirectory).run() })
}

/// Reads every segment and prints a line for each.
private struct LogVerification {
  private let log: StoredLog
  private var damagedSegments = 0
  private var batches = 0
  private var records = 0
  private var bytes = 0
  private var previousEnd: Offset?

  init(_ directory: String) throws {
    log = try StoredLog(directory: directory)
  }

  consuming func run() throws -> ExitCode {
    var output = StandardOutput()
    let segments = log.segments
    for (index, segment) in segments.enumerated() {
      try verify(segment, isNewest: index == segments.count - 1, &output)
      // A long check shows that it goes on.
      output.flush()
    }
    output.write(
      line: "\(segments.count) segments, \(batches) batches, \(records) records, \(bytes) bytes; "
        + (damagedSegments == 0 ? "no damage" : "damage in \(damagedSegments)"))
    output.flush()
    return damagedSegments == 0 ? .success : .negative
  }

  private mutating func verify(
    _ segment: SegmentList.Segment, isNewest: Bool, _ output: inout StandardOutput
  ) throws {
    var segmentRecords = 0
    var segmentBatches = 0
    var segmentBytes = 0
    let verdict = try log.judge(segment) { header, _ in
      segmentBatches += 1
      segmentRecords += Int(header.recordCount)
      segmentBytes += header.batchBytes
    }
    var problems: [String] = []
    if let previousEnd, previousEnd != segment.base {
      problems.append("records \(previousEnd) to \(segment.base - 1) are missing before it")
    }
    switch verdict {
    case .clean: break
    case .tornTail(let end, _, let tornBytes):
      if isNewest {
        output.write(line: "note: \(tornBytes) bytes at byte \(end) of the newest segment are no whole batch")
      } else {
        problems.append("\(tornBytes) bytes at byte \(end) are damaged")
      }
    case .damagedMiddle(_, _, let damage):
      for range in damage { problems.append("\(range.count) bytes at byte \(range.lowerBound) are damaged") }
    case .unknownVersion(let magic):
      problems.append("it was written by a newer version of Forebay (format \(magic))")
    }
    let verdictText = problems.isEmpty ? "ok" : "DAMAGED: " + problems.joined(separator: "; ")
    output.write(
      line: "\(SegmentName.fileName(base: segment.base))  \(segmentBatches) batches, \(segmentRecords) records,"
        + " \(segmentBytes) bytes, offsets \(segment.base) to \(verdict.endOffset(base: segment.base) - 1)  \(verdictText)"
    )
    if !problems.isEmpty { damagedSegments += 1 }
    previousEnd = verdict.endOffset(base: segment.base)
    batches += segmentBatches
    records += segmentRecords
    bytes += segmentBytes
  }
}
