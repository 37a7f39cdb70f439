import JSON5
import Records

/// `/api/v1/status` as a person reads it, also in the middle of the night: what is wrong first, numbers below one another,
/// no line longer than 80 columns.
///
/// Lenient: what is missing in the report is left out or a dash, since the daemon that answers may be of another version.
package enum StatusText {
  static let columns = 80

  /// The report's lines; nil where `json` is no report.
  package static func render(_ json: [UInt8]) -> String? {
    guard let report = try? JSON5Parser.parse(json), report["log"] != nil else { return nil }
    let sections = [heading(report), log(report), sources(report), consumers(report)]
    return sections.filter { !$0.isEmpty }.map { $0.joined(separator: "\n") }.joined(separator: "\n\n")
  }

  private static func heading(_ report: JSON5Value) -> [String] {
    var rows: [(String, String)] = []
    if report.isTrue("running") ?? true {
      let uptime = StatusFormat.duration(report.number("uptimeSeconds"))
      let title = "forebay \(report.text("version")) as \(report.text("gateway")), up \(uptime)"
      rows.append(("health", report.text("health")))
      rows.append(("data", report.text("data") + free(report)))
      if let time = report.textIfAny("time") { rows.append(("time", time)) }
      return StatusFormat.wrapped(title, indent: 2) + StatusFormat.pairs(rows)
    }
    let title = "no daemon is running on \(report.text("data")); its files say:"
    return StatusFormat.wrapped(title, indent: 2)
  }

  private static func free(_ report: JSON5Value) -> String {
    guard let bytes = report["log"]?.numberIfAny("freeBytes") else { return "" }
    return ", \(StatusFormat.size(bytes)) free on its disk"
  }

  /// How long before the report `time` was: `2 h 5 min`; nil where one of the two is missing.
  static func age(of time: String?, in report: JSON5Value) -> String? {
    milliseconds(from: time, to: report.textIfAny("time")).map { StatusFormat.duration(Int(max(0, $0) / 1000)) }
  }

  /// How long after the report `time` is.
  static func wait(until time: String?, in report: JSON5Value) -> String? {
    milliseconds(from: report.textIfAny("time"), to: time).map { StatusFormat.duration(Int(max(0, $0) / 1000)) }
  }

  private static func milliseconds(from start: String?, to end: String?) -> Int64? {
    guard let start, let start = Timestamp(rfc3339: start), let end, let end = Timestamp(rfc3339: end) else {
      return nil
    }
    return end.milliseconds - start.milliseconds
  }
}
