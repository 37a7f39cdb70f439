import Daemon
import Platform
import Records
import Storage

/// Prints what a check of the log finds, a line each, around the line that shows its progress.
struct FindingPrinter: ~Copyable {
  enum Format: String {
    case text
    case ndjson

    init(_ arguments: Arguments) throws(CommandError) {
      guard let name = arguments.value("--format") else {
        self = .text
        return
      }
      guard let format = Format(rawValue: name) else {
        throw .usage("--format takes text or ndjson, not `\(name)`")
      }
      self = format
    }
  }

  var progress: ProgressLine
  private let format: Format
  private var output = StandardOutput()

  init(_ format: Format, progress: ProgressLine) {
    self.format = format
    self.progress = progress
  }

  mutating func show(_ finding: LogFinding) {
    show(
      line: format == .text
        ? "\(finding.file): \(Self.subject(finding)): \(finding.problem); what to do: \(finding.remedy)"
        : Self.json(finding))
  }

  mutating func show(_ totals: LogTotals) {
    show(line: format == .text ? Self.summary(totals) : Self.json(totals))
  }

  /// Shows a line as it is.
  mutating func show(line: String) {
    progress.clear()
    output.write(line: line)
    // A long check shows at once what it has found.
    output.flush()
  }

  mutating func finish() {
    progress.clear()
    output.flush()
  }

  /// `damage at byte 400 (233 bytes), offsets 1 to 5`
  private static func subject(_ finding: LogFinding) -> String {
    var text = finding.kind.rawValue
    if let bytes = finding.bytes {
      text += " at byte \(bytes.lowerBound)"
      if !bytes.isEmpty { text += " (\(LogText.counted(bytes.count, "byte")))" }
    }
    guard let offsets = finding.offsets, !offsets.isEmpty else { return text }
    return text + ", " + LogText.offsets(offsets)
  }

  private static func json(_ finding: LogFinding) -> String {
    var line = JSONLine()
    line.add("kind", finding.kind.rawValue)
    line.add("file", finding.file)
    line.add("byte", finding.bytes?.lowerBound)
    line.add("bytes", finding.bytes?.count)
    if let offsets = finding.offsets, !offsets.isEmpty {
      line.add("firstOffset", offsets.lowerBound)
      line.add("lastOffset", offsets.upperBound - 1)
    }
    line.add("problem", finding.problem)
    line.add("remedy", finding.remedy)
    return line.text()
  }

  private static func summary(_ totals: LogTotals) -> String {
    let parts = [
      LogText.counted(totals.segments, "segment"), LogText.counted(totals.batches, "batch", "batches"),
      LogText.counted(totals.records, "record"), LogText.counted(totals.bytes, "byte"),
    ]
    var text = parts.joined(separator: ", ")
    if totals.lostOffsets > 0 { text += "; \(LogText.counted(totals.lostOffsets, "record")) lost earlier" }
    if totals.remarks > 0 { text += "; \(LogText.counted(totals.remarks, "remark"))" }
    return text + "; " + (totals.damaged == 0 ? "no damage" : "damage in \(LogText.counted(totals.damaged, "place"))")
  }

  private static func json(_ totals: LogTotals) -> String {
    var line = JSONLine()
    line.add("kind", "summary")
    line.add("segments", totals.segments)
    line.add("batches", totals.batches)
    line.add("records", totals.records)
    line.add("bytes", totals.bytes)
    line.add("damaged", totals.damaged)
    line.add("lostRecords", totals.lostOffsets)
    line.add("remarks", totals.remarks)
    return line.text()
  }
}
