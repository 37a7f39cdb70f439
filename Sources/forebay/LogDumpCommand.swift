import Bytes
import Daemon
import Platform
import Records
import Storage

extension Command {
  static let logDump = Command(
    name: "log dump",
    summary: "shows the log's batches and records as they are stored",
    details: [
      "For looking into the log itself; `forebay query` shows the messages. Reads also while the daemon runs.",
      "A payload is shown as text, with what is no UTF-8 or not printable replaced, and cut at 120 characters.",
    ],
    options: [
      .data,
      Option(name: "--from", value: "OFFSET", help: "the first offset to show (default: the oldest)"),
      Option(name: "--limit", value: "N", help: "how many records at the most (default: all)"),
      Option(name: "--batches", help: "the batches' headers alone, a line each"),
    ],
    examples: [
      Example(line: "forebay log dump --from 4711 --limit 10", purpose: "ten records from offset 4711 on"),
      Example(line: "forebay log dump --batches | tail", purpose: "how the newest records were committed"),
    ],
    run: { arguments in
      let log = try StoredLog(directory: arguments.dataDirectory)
      let first = Offset(try arguments.integer("--from") ?? Int(log.startOffset))
      let limit = try arguments.integer("--limit", in: 1...Int.max) ?? Int.max
      return arguments.has("--batches")
        ? try dumpBatches(of: log, from: first, limit: limit) : try dumpRecords(of: log, from: first, limit: limit)
    })
}

private func dumpRecords(of log: StoredLog, from first: Offset, limit: Int) throws -> ExitCode {
  var output = StandardOutput()
  var reader = log.makeReader(at: first)
  var count = 0
  while count < limit, let record = try reader.next() {
    output.write(line: "\(record.offset)  \(record.timestamp.rfc3339)  \(printable(record.topic))")
    for (key, value) in headers(of: record) { output.write(line: "    \(key): \(value)") }
    output.write(line: "    \(record.payload.byteCount) bytes: \(printable(record.payload))")
    count += 1
  }
  output.flush()
  return count > 0 ? .success : .negative
}

private func dumpBatches(of log: StoredLog, from first: Offset, limit: Int) throws -> ExitCode {
  var output = StandardOutput()
  var count = 0
  for segment in log.segments {
    _ = try log.judge(segment) { header, start in
      guard header.endOffset > first, count < limit else { return }
      count += 1
      output.write(
        line: "\(SegmentName.fileName(base: segment.base)) +\(start)  offsets \(header.baseOffset) to"
          + " \(header.endOffset - 1)  \(header.recordCount) records  \(header.batchBytes) bytes"
          + "  \(header.codec.map { "\($0)" } ?? "unknown codec")  \(header.baseTimestamp.rfc3339)")
    }
    if count >= limit { break }
  }
  output.flush()
  return count > 0 ? .success : .negative
}

private func headers(of record: borrowing Record) -> [(String, String)] {
  var reader = ByteReader(record.headerBytes)
  var found: [(String, String)] = []
  for _ in 0..<record.headerCount {
    guard let keyLength = reader.varInt(), let key = reader.bytes(Int(clamping: keyLength)),
      let valueLength = reader.varInt(), let value = reader.bytes(Int(clamping: max(valueLength, 0)))
    else { break }
    found.append((printable(key), printable(value)))
  }
  return found
}

/// Text fit for a terminal, of 120 characters at the most.
private func printable(_ bytes: RawSpan) -> String {
  let limit = 120
  let text = bytes.extracting(0..<min(bytes.byteCount, limit * 4)).text
  let safe = text.unicodeScalars.prefix(limit).map { $0.properties.generalCategory == .control ? "\u{FFFD}" : $0 }
  return String(String.UnicodeScalarView(safe)) + (text.unicodeScalars.count > limit ? "…" : "")
}
