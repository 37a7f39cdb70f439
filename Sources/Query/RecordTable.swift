package import Bytes
package import Records

/// Aligned columns: offset, time, topic, source, payload.
///
/// The widths are those of the first hundred records (or those there are at a flush); a later cell that is wider widens
/// its column from there on. Control characters are replaced, so nothing a device sends reaches the terminal as a
/// command. One owner, one thread.
package struct RecordTable {
  package static let sampleRows = 100
  /// Topics and sources are cut beyond this.
  package static let widestCell = 48
  /// Payloads are cut beyond this where no terminal says how wide it is.
  package static let widestPayload = 200

  private static let titles = ["OFFSET", "TIME", "TOPIC", "SOURCE", "PAYLOAD"]
  private static let gap = "  "

  private let width: Int?
  private var widths = titles.map(\.count)
  private var rows: [[String]] = []
  private var hasStarted = false

  package init(width: Int?) {
    self.width = width
  }

  package mutating func append(_ record: borrowing Record, to writer: inout ByteWriter) {
    var source = "-"
    if let found = record.headerValue("source") { source = Self.cell(found, Self.widestCell) }
    rows.append([
      String(record.offset), record.timestamp.rfc3339, Self.cell(record.topic, Self.widestCell), source,
      payload(record.payload),
    ])
    if hasStarted || rows.count >= Self.sampleRows { flush(to: &writer) }
  }

  package mutating func flush(to writer: inout ByteWriter) {
    guard !rows.isEmpty else { return }
    for row in rows {
      for column in 0..<(row.count - 1) { widths[column] = max(widths[column], row[column].count) }
    }
    if !hasStarted { append(Self.titles, to: &writer) }
    hasStarted = true
    for row in rows { append(row, to: &writer) }
    rows.removeAll(keepingCapacity: true)
  }

  private func append(_ row: [String], to writer: inout ByteWriter) {
    var used = 0
    for column in 0..<(row.count - 1) {
      let padding = String(repeating: " ", count: widths[column] - row[column].count)
      // Numbers to the right, words to the left.
      writer.append(column == 0 ? padding + row[column] : row[column] + padding)
      writer.append(Self.gap)
      used += widths[column] + Self.gap.count
    }
    let room = width.map { max($0 - used, 10) } ?? Self.widestPayload
    writer.append(Self.shortened(row[row.count - 1], room))
    writer.append("\n")
  }

  private func payload(_ bytes: RawSpan) -> String {
    guard UTF8Validation.isValid(bytes) else {
      var text = ByteWriter(capacity: 512)
      Base64.append(bytes.extracting(0..<min(bytes.byteCount, Self.widestPayload)), to: &text)
      return Self.cell("base64:\(text.bytes.text)".utf8.span.bytes, Self.widestPayload)
    }
    return Self.cell(bytes, max(width ?? 0, Self.widestPayload))
  }

  /// Text of at most `limit` characters that does nothing to a terminal.
  private static func cell(_ bytes: RawSpan, _ limit: Int) -> String {
    // A character has at most four bytes, but for combining marks; what is cut here would be cut below.
    let text = bytes.extracting(0..<min(bytes.byteCount, limit * 4 + 4)).text
    return shortened(String(String.UnicodeScalarView(text.unicodeScalars.map(harmless))), limit)
  }

  private static func harmless(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator:
      scalar == "\n" || scalar == "\r" || scalar == "\t" ? " " : "\u{FFFD}"
    default: scalar
    }
  }

  private static func shortened(_ text: String, _ limit: Int) -> String {
    text.count <= limit ? text : text.prefix(limit - 1) + "…"
  }
}
