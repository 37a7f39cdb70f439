package import Records

/// Finds the last whole row in a file of NDJSON or CSV, from its beginning, piece by piece. A row ends with a newline; in
/// CSV one between quotes is part of a field.
package struct RowScanner: Sendable {
  private let hasQuotes: Bool
  private var isQuoted = false
  private var position = 0
  private var rowStart = 0

  /// Where the last whole row begins and ends, its newline included; empty where there is none.
  package private(set) var lastRow = 0..<0

  package init(_ format: FileConfiguration.Format) {
    hasQuotes = format == .csv
  }

  package mutating func scan(_ bytes: RawSpan) {
    let start = position
    bytes.withUnsafeBytes { bytes in
      for (index, byte) in bytes.enumerated() {
        if byte == 0x0A, !isQuoted {
          let end = start + index + 1
          lastRow = rowStart..<end
          rowStart = end
        } else if byte == UInt8(ascii: "\""), hasQuotes {
          isQuoted.toggle()
        }
      }
    }
    position += bytes.byteCount
  }

  /// The offset a row of ours begins with; nil for any other row.
  package static func offset(of row: RawSpan, _ format: FileConfiguration.Format) -> Offset? {
    let rest = beginning(of: row, format)
    guard let rest else { return nil }
    return row.withUnsafeBytes { bytes in
      let digits = bytes[rest...].prefix { isDigit($0) }
      guard digits.count > 0, digits.count < 20, digits.endIndex < bytes.count,
        bytes[digits.endIndex] == UInt8(ascii: ",")
      else { return nil }
      return Offset(String(decoding: digits, as: UTF8.self))
    }
  }

  /// Whether bytes without a row's end can be what a torn write of ours has left: they may be cut off then. A hole that
  /// a power cut left, zeros, counts.
  package static func mayBeTorn(_ tail: RawSpan, _ format: FileConfiguration.Format) -> Bool {
    tail.withUnsafeBytes { bytes in
      if bytes.first == 0 || (format == .csv && RecordCSV.header.utf8.starts(with: bytes)) { return true }
      let prefix = Array(format == .ndjson ? "{\"offset\":".utf8 : "".utf8)
      let shared = min(prefix.count, bytes.count)
      guard bytes.prefix(shared).elementsEqual(prefix.prefix(shared)) else { return false }
      let digits = bytes.dropFirst(shared).prefix { isDigit($0) }
      guard digits.endIndex < bytes.count else { return true }
      let next = bytes[digits.endIndex]
      return next == 0 || (digits.count > 0 && next == UInt8(ascii: ","))
    }
  }

  private static func beginning(of row: RawSpan, _ format: FileConfiguration.Format) -> Int? {
    guard format == .ndjson else { return 0 }
    let prefix = "{\"offset\":"
    return row.starts(with: prefix) ? prefix.utf8.count : nil
  }

  private static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }
}
