import Platform

/// Prints rows as they are measured, and remembers whether a target was missed.
struct Table: ~Copyable {
  private(set) var missed = 0
  private static let widths = [31, 10, 10, 6, 14, 10, 6]

  init(title: String) {
    Self.show([title, "", Self.line(["", "measured", "reference", "ratio", "min..max", "target", ""])])
  }

  mutating func add(_ row: Row) {
    let verdict = row.isMet.map { $0 ? "ok" : "MISSED" } ?? ""
    if row.isMet == false { missed += 1 }
    let judged = row.judged
    let noise = judged.minimum == judged.maximum ? "" : "\(judged.minimum.short)..\(judged.maximum.short)"
    Self.show([
      Self.line([
        row.name, row.measured, row.reference ?? "", row.reference == nil ? "" : judged.median.short, noise,
        row.target.map { "\($0) \(row.unit)" } ?? "", verdict,
      ])
    ])
  }

  /// A remark below the rows.
  func note(_ text: String) {
    Self.show(["    " + text])
  }

  private static func line(_ cells: [String]) -> String {
    var line = cells[0].padded(to: widths[0])
    for (cell, width) in zip(cells, widths).dropFirst() {
      line += "  " + String(repeating: " ", count: max(0, width - cell.count)) + cell
    }
    return line
  }

  private static func show(_ lines: [String]) {
    var output = StandardOutput()
    for line in lines { output.write(line: line) }
    output.flush()
  }
}
