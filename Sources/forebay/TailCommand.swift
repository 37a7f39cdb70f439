import Bytes
import Daemon
import Platform
import Query
import Records
import Storage

extension Command {
  static let tail = Command(
    name: "tail",
    summary: "shows records as they arrive, until Ctrl-C",
    details: ["Follows the log's files, whether the daemon runs or not: what is shown is on the disk of this box."],
    positionals: [QueryOptions.filters],
    options: [
      .data, QueryOptions.since,
      Option(name: "--lines", short: "-n", value: "N", help: "the newest N records first (default: 10)"),
      QueryOptions.format,
    ],
    examples: [
      Example(line: "forebay tail 'plant/#'", purpose: "everything below plant/"),
      Example(
        line: "forebay tail '+/+/SENSOR' --format ndjson | jq .payload", purpose: "the payloads, for another program"),
    ],
    run: { arguments in
      let query = try QueryOptions.query(arguments)
      let printer = try QueryOptions.printer(arguments)
      let lines = try arguments.integer("--lines", in: 0...Int.max)
      let log = try StoredLog(directory: arguments.dataDirectory)
      let first: Offset =
        if lines == 0 { try log.findEnd() } else if let lines {
          try query.startOfNewest(lines, in: log)
        } else if query.since != nil { log.startOffset } else { try query.startOfNewest(10, in: log) }
      try follow(query, in: log, from: first, with: printer)
    })
}

/// How often the log is looked at: as short as somebody watching does not notice.
private let pollMilliseconds = 100

/// Never returns but with an error: Ctrl-C ends the process, and a reader that goes away.
private func follow(_ query: Query, in log: StoredLog, from first: Offset, with printer: RecordPrinter) throws -> Never
{
  var output = StandardOutput()
  var line = ByteWriter(capacity: 4096)
  var reader = log.makeReader(at: first)
  printer.appendHeader(to: &line)
  let time = SystemTime()
  while true {
    while let record = try query.next(from: &reader) {
      printer.append(record, to: &line)
      output.write(line.bytes)
      line.removeAll()
    }
    output.flush()
    time.sleep(milliseconds: pollMilliseconds)
  }
}
