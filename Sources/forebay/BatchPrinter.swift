import Bytes
import Platform
import Records
import Storage

/// Prints batches and records as they are stored: a table with the records indented, or an object a line.
struct BatchPrinter: ~Copyable {
  enum Checksum: String {
    case right = "ok"
    case wrong
  }

  /// How many batches, or records, have been shown, and pieces of damage.
  private(set) var count = 0

  private let format: FindingPrinter.Format
  private let countsRecords: Bool
  private var output = StandardOutput()
  private var segment = ""
  private var isHeaded = false
  private var hasShown = false

  private static let widths = [11, 13, 13, 8, 6, 10]

  init(_ format: FindingPrinter.Format, countsRecords: Bool) {
    self.format = format
    self.countsRecords = countsRecords
  }

  /// Goes on with the segment of that file name, which is shown in front of what it has to show.
  mutating func begin(_ segment: String) {
    self.segment = segment
    isHeaded = format == .ndjson
  }

  private mutating func showHeading() {
    guard !isHeaded else { return }
    isHeaded = true
    if hasShown { output.write(line: "") }
    hasShown = true
    output.write(line: segment)
    output.write(
      line: Self.row(["POSITION", "BASE", "LAST", "RECORDS", "CODEC", "BYTES"]) + "  FIRST AND NEWEST TIME, CHECKSUM")
  }

  mutating func show(_ header: RecordBatchHeader, at position: Int, _ checksum: Checksum) {
    showHeading()
    if !countsRecords { count += 1 }
    let codec = header.codec.map { "\($0)" } ?? "\(header.attributes & 7)"
    guard format == .text else { return output.write(line: json(header, at: position, codec, checksum)) }
    let numbers = Self.row([
      "\(position)", "\(header.baseOffset)", "\(header.endOffset - 1)", "\(header.recordCount)", codec,
      "\(header.batchBytes)",
    ])
    let times =
      header.recordCount > 0
      ? "\(header.baseTimestamp.rfc3339) \(header.maxTimestamp.rfc3339)" : "in place of records that were lost"
    let identity = header.isIdentified ? ", with identity" : ""
    output.write(line: numbers + "  " + times + "  crc \(checksum.rawValue)" + identity)
  }

  /// Shows bytes that are no intact batch; `header` is what they say if they look like one.
  mutating func show(_ bytes: Range<Int>, _ problem: BatchProblem, _ header: RecordBatchHeader?) {
    showHeading()
    if let header { show(header, at: bytes.lowerBound, .wrong) }
    if header == nil || countsRecords { count += 1 }
    guard format == .text else {
      var object = JSONLine()
      object.add("kind", "damage")
      object.add("segment", segment)
      object.add("position", bytes.lowerBound)
      object.add("bytes", bytes.count)
      object.add("problem", problem.description)
      return output.write(line: object.text())
    }
    let place = Self.row(["\(bytes.lowerBound)"])
    output.write(line: "\(place)  DAMAGED, \(LogText.counted(bytes.count, "byte")): \(problem)")
  }

  mutating func show(line text: String) {
    showHeading()
    guard format == .text else {
      var object = JSONLine()
      object.add("kind", "damage")
      object.add("segment", segment)
      object.add("problem", text)
      return output.write(line: object.text())
    }
    output.write(line: "             " + text)
  }

  mutating func show(_ record: borrowing Record) {
    if countsRecords { count += 1 }
    guard format == .text else {
      var line = ByteWriter(capacity: 1024)
      RecordJSON.append(record, leadingMembers: "\"kind\":\"record\",", to: &line)
      line.append(UInt8(ascii: "\n"))
      return output.write(line.bytes)
    }
    output.write(
      line: "             \(record.offset)  \(record.timestamp.rfc3339)  \(LogText.printable(record.topic))  "
        + "\(LogText.counted(record.payload.byteCount, "byte")): \(LogText.printable(record.payload))")
    for (key, value) in LogText.headers(of: record) { output.write(line: "               \(key): \(value)") }
  }

  mutating func finish() {
    output.flush()
  }

  private func json(
    _ header: RecordBatchHeader, at position: Int, _ codec: String, _ checksum: Checksum
  ) -> String {
    var object = JSONLine()
    object.add("kind", "batch")
    object.add("segment", segment)
    object.add("position", position)
    object.add("baseOffset", header.baseOffset)
    object.add("lastOffset", header.endOffset - 1)
    object.add("records", header.recordCount)
    object.add("codec", codec)
    object.add("bytes", header.batchBytes)
    if header.recordCount > 0 {
      object.add("firstTime", header.baseTimestamp.rfc3339)
      object.add("newestTime", header.maxTimestamp.rfc3339)
    }
    object.add("isIdentified", header.isIdentified)
    object.add("isChecksumRight", checksum == .right)
    return object.text()
  }

  /// Columns, right-aligned.
  private static func row(_ cells: [String]) -> String {
    zip(cells, widths).map { cell, width in
      String(repeating: " ", count: max(width - cell.utf8.count, 1)) + cell
    }.joined()
  }
}
