import Bytes
import Daemon
import Platform
import Query
import Records
import Storage

extension Command {
  static let logExport = Command(
    name: "log export",
    summary: "writes a part of the log out, as NDJSON or as Kafka segments",
    details: [
      "Reads the log's files themselves, whether the daemon runs or not. Without --output, NDJSON goes to standard output."
        + " A file or segment is written under a temporary name, NAME.new, and appears under its own when it is whole;"
        + " nothing that is there is replaced without --force.",
      "With --format kafka the output is a directory of plain Kafka segments (record batches v2, offsets as in the log, key:"
        + " the topic, value: the payload) that Kafka's own tools read.",
      "Exit code 1 says that nothing was found, or that some records could not be read.",
    ],
    positionals: [QueryOptions.filters],
    options: [
      .data,
      Option(name: "--format", short: "-f", value: "FORMAT", help: "ndjson or kafka (default: ndjson)"),
      Option(name: "--output", short: "-o", value: "PATH", help: "the file, or with --format kafka the directory"),
      QueryOptions.since, QueryOptions.until,
      Option(name: "--from", value: "OFFSET", help: "the first offset (default: the oldest)"),
      Option(name: "--to", value: "OFFSET", help: "the last offset (default: the newest when the export begins)"),
      Option(name: "--codec", value: "CODEC", help: "of Kafka batches: zstd or none (default: zstd)"),
      Option(name: "--force", help: "replace the file, or the segments in the directory"),
      Option(name: "--quiet", short: "-q", help: "no progress, no summary"),
    ],
    examples: [
      Example(line: "forebay log export --since 7d -o week.ndjson", purpose: "the last week, a record a line"),
      Example(
        line: "forebay log export 'line/#' --format kafka -o /mnt/stick/telemetry-0",
        purpose: "Kafka segments of one line's topics, to carry them to the centre"),
      Example(
        line: "forebay log export --from 4711 --to 4800 | jq -c .payload",
        purpose: "ninety records, for another program"),
    ],
    run: { arguments in try LogExporting(arguments).run() })
}

/// One run of `forebay log export`.
private struct LogExporting {
  private let log: StoredLog
  private let export: LogExport
  private let target: ExportTarget
  private let isQuiet: Bool

  init(_ arguments: Arguments) throws {
    let data = arguments.dataDirectory
    let query = try QueryOptions.query(arguments)
    target = try ExportTarget(arguments, data: data)
    let first = try arguments.integer("--from").map { Offset($0) }
    let last = try arguments.integer("--to", in: 0...Int.max - 1).map { Offset($0) }
    if let first, let last, first > last {
      throw CommandError.usage("--from \(first) is behind --to \(last); write the smaller offset as --from")
    }
    isQuiet = arguments.has("--quiet")
    log = try LogAccess.open { () throws(StorageError) in try StoredLog(directory: data) }
    let (start, end) = (log.startOffset, try log.findEnd())
    if let first, first < start {
      StandardError.write(line: "forebay: the log begins at offset \(start); what was below is gone")
    }
    let lower = min(max(first ?? start, start), end)
    export = LogExport(query, range: lower..<max(min(last.map { $0 + 1 } ?? end, end), lower))
    try target.checkIsFree()
  }

  func run() throws -> ExitCode {
    let outcome: LogExport.Outcome
    let written: String
    switch target.kind {
    case .standardOutput: (outcome, written) = (try writeLines(), "")
    case .file(let path): (outcome, written) = (try writeLines(to: path), path)
    case .kafka(let directory, let codec): (outcome, written) = try writeKafka(directory, codec)
    }
    return report(outcome, written)
  }

  private func writeLines() throws -> LogExport.Outcome {
    var output = StandardOutput()
    var line = ByteWriter(capacity: 4096)
    let printer = RecordPrinter(.ndjson)
    let outcome = try each { record in
      line.removeAll()
      printer.append(record, to: &line)
      output.write(line.bytes)
    }
    output.flush()
    return outcome
  }

  private func writeLines(to path: String) throws -> LogExport.Outcome {
    var files = OutputFiles()
    var line = ByteWriter(capacity: 4096)
    let printer = RecordPrinter(.ndjson)
    try target.begin { () throws(SystemError) in try files.begin(path) }
    let outcome = try each { record throws(SystemError) in
      line.removeAll()
      printer.append(record, to: &line)
      try files.append(line.bytes)
    }
    if outcome.records > 0 { try files.finish() }
    return outcome
  }

  private func writeKafka(
    _ directory: String, _ codec: RecordBatchHeader.Codec
  ) throws -> (LogExport.Outcome, String) {
    try target.begin { () throws(SystemError) in try LocalDisk().createDirectory(directory) }
    var segments = KafkaSegments(in: directory, codec: codec)
    let outcome = try each { record throws(SystemError) in try segments.append(record) }
    guard outcome.records > 0 else { return (outcome, directory) }
    try target.removeSegments()
    try segments.finish()
    let totals = segments.totals
    let parts = [
      LogText.counted(totals.segments, "segment"), LogText.counted(totals.batches, "batch", "batches"),
      LogText.counted(totals.bytes, "byte"),
    ]
    return (outcome, "\(directory): \(parts.joined(separator: ", "))")
  }

  private func each(_ write: (borrowing Record) throws(SystemError) -> Void) throws -> LogExport.Outcome {
    var progress = ProgressLine("log export", in: .records, isWanted: !isQuiet)
    defer { progress.clear() }
    let (first, count) = (export.range.lowerBound, export.range.count)
    return try export.run(on: log, write: write) { progress.update(Int($0 - first), of: count) }
  }

  private func report(_ outcome: LogExport.Outcome, _ written: String) -> ExitCode {
    let records = LogText.counted(outcome.records, "record")
    if outcome.skipped > 0 {
      let skipped = LogText.counted(outcome.skipped, "record")
      StandardError.write(line: "forebay: \(skipped) could not be read; `forebay log verify` says where and why")
    }
    if outcome.records == 0 {
      let consequence = written.isEmpty ? "" : "; nothing was written"
      StandardError.write(line: "forebay: no record is in that part of the log and matches\(consequence)")
    } else if !isQuiet, !written.isEmpty {
      StandardError.write(line: "forebay: \(records) to \(written)")
    }
    return outcome.records > 0 && outcome.skipped == 0 ? .success : .negative
  }
}
