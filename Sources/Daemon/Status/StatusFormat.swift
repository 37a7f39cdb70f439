/// Numbers and lines of the status text.
enum StatusFormat {
  /// `1,234 records`
  static func counted(_ count: Int, _ noun: String) -> String {
    "\(grouped(count)) \(noun)\(count == 1 ? "" : "s")"
  }

  /// `1234567` → `1,234,567`.
  static func grouped(_ number: Int) -> String {
    var text = Array(String(number.magnitude))
    for index in stride(from: text.count - 3, to: 0, by: -3) { text.insert(",", at: index) }
    return (number < 0 ? "-" : "") + String(text)
  }

  /// With one digit behind the point; thousands grouped.
  static func tenths(_ number: Double) -> String {
    guard number.magnitude < 1e15 else { return "-" }
    let tenths = Int((number * 10).rounded())
    return "\(grouped(tenths / 10)).\(tenths.magnitude % 10)"
  }

  static func size(_ bytes: Int) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB"]
    var value = Double(bytes)
    var unit = 0
    while value >= 1023.95, unit < units.count - 1 {
      value /= 1024
      unit += 1
    }
    return unit == 0 ? "\(bytes) B" : "\(tenths(value)) \(units[unit])"
  }

  static func duration(_ seconds: Int) -> String {
    switch seconds {
    case ..<60: "\(seconds) s"
    case ..<3600: "\(seconds / 60) min \(seconds % 60) s"
    case ..<86_400: "\(seconds / 3600) h \(seconds / 60 % 60) min"
    default: "\(grouped(seconds / 86_400)) d \(seconds / 3600 % 24) h"
    }
  }

  static func milliseconds(_ microseconds: Int) -> String {
    tenths(Double(microseconds) / 1000) + " ms"
  }

  /// Names and what is to be said of each, in two columns.
  static func pairs(_ rows: [(String, String)]) -> [String] {
    let width = 15
    return rows.flatMap { name, text in wrapped(padded("  " + name, width) + text, indent: width) }
  }

  /// A row of a table: the first cell to the left, the others to the right of their columns.
  static func row(_ cells: [String], _ widths: [Int]) -> String {
    zip(cells, widths).enumerated().map { index, cell in
      index == 0 ? padded(cell.0, cell.1) : String(repeating: " ", count: max(cell.1 - cell.0.count, 1)) + cell.0
    }.joined()
  }

  /// The same; a first cell that is too long gets a line of its own.
  static func table(_ cells: [String], _ widths: [Int]) -> [String] {
    guard cells[0].count > widths[0] else { return [row(cells, widths)] }
    return [String(cells[0].prefix(StatusText.columns)), row([""] + cells.dropFirst(), widths)]
  }

  /// Breaks `text` at spaces so that no line is longer than the screen; lines after the first are indented.
  static func wrapped(_ text: String, indent: Int) -> [String] {
    var lines: [String] = []
    var rest = text[...]
    while rest.count > StatusText.columns {
      let window = rest.prefix(StatusText.columns + 1)
      let first = window.firstIndex { $0 != " " } ?? window.startIndex
      let space = window[first...].lastIndex(of: " ")
      let end = space ?? rest.index(rest.startIndex, offsetBy: StatusText.columns)
      lines.append(String(rest[..<end]))
      rest = (String(repeating: " ", count: indent) + rest[end...].drop { $0 == " " })[...]
    }
    return lines + [String(rest)]
  }

  private static func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }
}
