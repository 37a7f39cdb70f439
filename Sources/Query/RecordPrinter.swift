package import Bytes
package import Records

/// How records are shown.
package enum OutputFormat: String, Hashable, Sendable, CaseIterable {
  /// For people: time, topic and payload in columns.
  case table
  /// For scripts: one JSON object a line.
  case ndjson
  /// For spreadsheets: RFC 4180, with a header line.
  case csv
}

/// Turns records into lines of one format.
package struct RecordPrinter: Sendable {
  package let format: OutputFormat
  /// Lines of a table are cut to this.
  private let columns: Int?

  private static let topicColumns = 36
  private static let payloadStart = 26 + topicColumns + 2

  /// - Parameter columns: the terminal's width; nil: lines are as long as they are.
  package init(_ format: OutputFormat, columns: Int? = nil) {
    self.format = format
    self.columns = columns
  }

  /// Appends what goes above the first record.
  package func appendHeader(to writer: inout ByteWriter) {
    switch format {
    case .table:
      writer.append("TIME")
      pad(from: 4, to: 26, &writer)
      writer.append("TOPIC")
      pad(from: 5, to: Self.topicColumns + 2, &writer)
      writer.append("PAYLOAD\n")
    case .ndjson: break
    case .csv:
      writer.append(RecordCSV.header + "\n")
    }
  }

  /// Appends the line of `record`, with its newline.
  package func append(_ record: borrowing Record, to writer: inout ByteWriter) {
    switch format {
    case .table: appendRow(record, to: &writer)
    case .ndjson: RecordJSON.append(record, to: &writer)
    case .csv: RecordCSV.append(record, to: &writer)
    }
    writer.append(UInt8(ascii: "\n"))
  }

  private func appendRow(_ record: borrowing Record, to writer: inout ByteWriter) {
    record.timestamp.appendRFC3339(to: &writer)
    writer.append("  ")
    let topicWidth = appendPrintable(record.topic, limit: columns == nil ? Int.max : max(columns! - 40, 20), &writer)
    pad(from: topicWidth, to: Self.topicColumns, &writer)
    writer.append("  ")
    let used = max(Self.payloadStart, 28 + topicWidth)
    if UTF8Validation.isValid(record.payload) {
      _ = appendPrintable(record.payload, limit: columns.map { max($0 - used, 10) } ?? Int.max, &writer)
    } else {
      writer.append("(\(record.payload.byteCount) bytes, not text)")
    }
  }

  /// Appends text with control characters replaced, cut at `limit` characters.
  /// - Returns: how many characters that made.
  private func appendPrintable(_ bytes: RawSpan, limit: Int, _ writer: inout ByteWriter) -> Int {
    var count = 0
    for scalar in bytes.text.unicodeScalars {
      if count == limit - 1, limit < Int.max {
        writer.append("…")
        return limit
      }
      let isControl = scalar.value < 32 || (127..<160).contains(scalar.value)
      writer.append(isControl ? " " : String(scalar))
      count += 1
    }
    return count
  }

  private func pad(from used: Int, to width: Int, _ writer: inout ByteWriter) {
    for _ in min(used, width)..<width { writer.append(UInt8(ascii: " ")) }
  }
}
