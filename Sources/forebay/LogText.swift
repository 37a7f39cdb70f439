import Bytes
import Records

/// The words that the commands about the log share.
enum LogText {
  /// `1 batch`, `12 batches`
  static func counted(_ count: Int, _ noun: String, _ plural: String? = nil) -> String {
    "\(count) \(count == 1 ? noun : plural ?? noun + "s")"
  }

  /// `offset 7`, `offsets 7 to 9`; not for an empty range.
  static func offsets(_ offsets: Range<Offset>) -> String {
    offsets.count == 1
      ? "offset \(offsets.lowerBound)" : "offsets \(offsets.lowerBound) to \(offsets.upperBound - 1)"
  }

  /// Text fit for a terminal, of 120 characters at the most.
  static func printable(_ bytes: RawSpan) -> String {
    let limit = 120
    let text = bytes.extracting(0..<min(bytes.byteCount, limit * 4)).text
    let safe = text.unicodeScalars.prefix(limit).map { $0.properties.generalCategory == .control ? "\u{FFFD}" : $0 }
    return String(String.UnicodeScalarView(safe)) + (text.unicodeScalars.count > limit ? "…" : "")
  }

  /// A record's headers, fit for a terminal.
  static func headers(of record: borrowing Record) -> [(String, String)] {
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
}
