/// Sizes and durations as people write them: `"4 GiB"`, `"90 d"`, `"1h30m"`.
package enum Quantity {
  private static let sizeUnits: [(name: String, value: Int)] = [
    ("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40),
    ("kB", 1000), ("MB", 1_000_000), ("GB", 1_000_000_000), ("TB", 1_000_000_000_000),
  ]
  private static let durationUnits: [(name: String, value: Int)] = [
    ("ms", 1), ("s", 1000), ("m", 60_000), ("min", 60_000), ("h", 3_600_000), ("d", 86_400_000),
  ]

  /// Bytes; nil for what is no size.
  package static func size(_ text: String) -> Int? {
    parse(text, sizeUnits, mayRepeat: false)
  }

  /// Bytes a second; nil for what is no rate.
  package static func rate(_ text: String) -> Int? {
    text.hasSuffix("/s") ? size(String(text.dropLast(2))) : nil
  }

  /// Milliseconds; nil for what is no duration.
  package static func duration(_ text: String) -> Int? {
    parse(text, durationUnits, mayRepeat: true)
  }

  /// Percent; nil for what is none.
  package static func percent(_ text: String) -> Double? {
    var rest = text.utf8[...]
    guard let number = takeNumber(&rest), rest.drop(while: { $0 == UInt8(ascii: " ") }).elementsEqual("%".utf8) else {
      return nil
    }
    return number
  }

  /// In the largest binary unit that leaves a whole number: `64 MiB`.
  package static func text(size: Int) -> String {
    text(size, sizeUnits[..<5])
  }

  /// In the largest unit that leaves a whole number: `90 s`.
  package static func text(milliseconds: Int) -> String {
    text(milliseconds, durationUnits[...].filter { $0.name != "min" }[...])
  }

  private static func text(_ value: Int, _ units: ArraySlice<(name: String, value: Int)>) -> String {
    let unit = units.last { value != 0 && value % $0.value == 0 } ?? units.first!
    return "\(value / unit.value) \(unit.name)"
  }

  private static func parse(_ text: String, _ units: [(name: String, value: Int)], mayRepeat: Bool) -> Int? {
    var rest = text.utf8[...]
    var total = 0
    repeat {
      guard let number = takeNumber(&rest) else { return nil }
      rest = rest.drop { $0 == UInt8(ascii: " ") }
      let name = String(rest.prefix { !isDigit($0) && $0 != UInt8(ascii: " ") })!
      rest = rest.dropFirst(name.utf8.count).drop { $0 == UInt8(ascii: " ") }
      guard let unit = units.first(where: { $0.name.lowercased() == name.lowercased() }) else { return nil }
      let value = number * Double(unit.value)
      guard value <= 1e18 else { return nil }
      total += Int(value.rounded())
    } while mayRepeat && !rest.isEmpty
    return rest.isEmpty ? total : nil
  }

  private static func takeNumber(_ rest: inout Substring.UTF8View) -> Double? {
    let digits = rest.prefix { isDigit($0) || $0 == UInt8(ascii: ".") }
    guard let first = digits.first, isDigit(first), digits.count <= 18 else { return nil }
    rest = rest.dropFirst(digits.count)
    return Double(String(digits)!)
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }
}
