import Bytes
import Daemon
import Platform
import Query
import Records
import Storage

extension Command {
  static let query = Command(
    name: "query",
    summary: "shows what is buffered on the box, by topic and time",
    details: [
      "Reads the log's files themselves, whether the daemon runs or not, and in the log's order. Exit code 1 says that"
        + " nothing was found.",
      "In ndjson each record is one object with offset, time, topic, source and payload: the payload itself where it is"
        + " JSON, a string where it is other text, {\"base64\": …} otherwise.",
    ],
    positionals: [QueryOptions.filters],
    options: [
      .data, QueryOptions.since, QueryOptions.until,
      Option(name: "--limit", short: "-n", value: "N", help: "only the newest N records of those"),
      QueryOptions.format,
    ],
    examples: [
      Example(line: "forebay query 'plant/+/temp' --since 2h", purpose: "the temperatures of the last two hours"),
      Example(line: "forebay query -n 20", purpose: "the twenty newest records of any topic"),
      Example(
        line: "forebay query 'plant/#' --since 2026-11-23 --until 2026-11-24 --format csv > day.csv",
        purpose: "one day for a spreadsheet"),
      Example(
        line: "forebay query '$forebay/#'",
        purpose: "what Forebay itself noted: gaps and dead letters"),
    ],
    run: { arguments in
      let query = try QueryOptions.query(arguments)
      let printer = try QueryOptions.printer(arguments)
      let limit = try arguments.integer("--limit", in: 1...Int.max)
      let log = try StoredLog(directory: arguments.dataDirectory)
      let first = try limit.map { try query.startOfNewest($0, in: log) } ?? log.startOffset
      return try show(query, of: log, from: first, limit: limit ?? Int.max, with: printer)
    })
}

private func show(
  _ query: Query, of log: StoredLog, from first: Offset, limit: Int, with printer: RecordPrinter
) throws -> ExitCode {
  var output = StandardOutput()
  var line = ByteWriter(capacity: 4096)
  var reader = log.makeReader(at: first)
  var count = 0
  // What arrives while this runs is not part of the answer.
  let end = try log.findEnd()
  while count < limit, let record = try query.next(from: &reader, before: end) {
    if count == 0 { printer.appendHeader(to: &line) }
    printer.append(record, to: &line)
    output.write(line.bytes)
    line.removeAll()
    count += 1
  }
  output.flush()
  return count > 0 ? .success : .negative
}
