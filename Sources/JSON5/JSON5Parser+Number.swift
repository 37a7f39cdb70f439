// JSON5 section 6: numbers.
extension JSON5Parser {
  mutating func number() throws(JSON5Error) -> JSON5Number {
    let start = scanner.position
    var sign = ""
    if let next = scanner.next, next == "+" || next == "-" {
      sign = String(next)
      scanner.advance()
    }
    let isNegative = sign == "-"
    switch scanner.next {
    case "I", "N":
      let word = scanner.take(while: JSON5Scanner.isIdentifierPart)
      guard word == "Infinity" || word == "NaN" else {
        throw JSON5Error(at: start, "found `\(sign)\(word)` in place of a number; write digits")
      }
      let magnitude: Double = word == "NaN" ? .nan : .infinity
      return JSON5Number(text: sign + word, double: isNegative ? -magnitude : magnitude, integer: nil)
    case "0" where scanner.ahead(1) == "x" || scanner.ahead(1) == "X":
      return try hexadecimal(sign, start)
    default:
      return try decimal(sign, start)
    }
  }

  private mutating func hexadecimal(_ sign: String, _ start: JSON5Position) throws(JSON5Error) -> JSON5Number {
    scanner.advance()
    scanner.advance()
    let digits = scanner.take(while: JSON5Scanner.isHexDigit)
    try checkEnd(start)
    guard !digits.isEmpty else { throw unexpected("in a hexadecimal number", write: "digits behind `0x`") }
    guard let value = Int((sign == "-" ? "-" : "") + digits, radix: 16) else {
      throw JSON5Error(at: start, "this number has more than 63 bits")
    }
    return JSON5Number(text: sign + "0x" + digits, double: Double(value), integer: value)
  }

  private mutating func decimal(_ sign: String, _ start: JSON5Position) throws(JSON5Error) -> JSON5Number {
    let whole = scanner.take(while: JSON5Scanner.isDigit)
    if whole.utf8.count > 1, whole.hasPrefix("0") {
      throw JSON5Error(at: start, "a number must not begin with 0; write it without, or in quotes if it is a text")
    }
    var fraction = ""
    var text = sign + whole
    if scanner.take(".") {
      fraction = scanner.take(while: JSON5Scanner.isDigit)
      text += "." + fraction
    }
    guard !whole.isEmpty || !fraction.isEmpty else { throw unexpected("in place of a number", write: "digits") }
    var exponent = ""
    if let next = scanner.next, next == "e" || next == "E" {
      scanner.advance()
      exponent = try self.exponent()
      text += "e" + exponent
    }
    try checkEnd(start)
    // `.5` and `5.` are spelled out for the library, which reads neither.
    let spelled =
      "\(sign)\(whole.isEmpty ? "0" : whole).\(fraction.isEmpty ? "0" : fraction)e\(exponent.isEmpty ? "0" : exponent)"
    let double = Double(spelled) ?? .nan
    let isPlain = fraction.isEmpty && exponent.isEmpty
    return JSON5Number(text: text, double: double, integer: isPlain ? Int(sign + whole) : Int(exactly: double))
  }

  private mutating func exponent() throws(JSON5Error) -> String {
    var sign = ""
    if let next = scanner.next, next == "+" || next == "-" {
      sign = String(next)
      scanner.advance()
    }
    let digits = scanner.take(while: JSON5Scanner.isDigit)
    guard !digits.isEmpty else { throw unexpected("in an exponent", write: "digits behind `e`") }
    return sign + digits
  }

  /// `10s` is no number: what was meant is a text.
  private func checkEnd(_ start: JSON5Position) throws(JSON5Error) {
    guard let next = scanner.next, JSON5Scanner.isIdentifierPart(next) || next == "%" else { return }
    throw JSON5Error(at: start, "found `\(next)` right behind a number; put a quantity with a unit in quotes: \"10 s\"")
  }
}
