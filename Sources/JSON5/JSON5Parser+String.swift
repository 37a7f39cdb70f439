// JSON5 section 5: strings.
extension JSON5Parser {
  mutating func string() throws(JSON5Error) -> String {
    let opening = scanner.position
    let quote = scanner.next!
    scanner.advance()
    var text = String.UnicodeScalarView()
    while let next = scanner.next {
      switch next {
      case quote:
        scanner.advance()
        return String(text)
      case "\\":
        if let scalar = try escape() { text.append(scalar) }
      case "\n", "\r":
        throw JSON5Error(
          at: scanner.position,
          "the line ends inside the string begun at column \(opening.column); write `\(quote)` to end it, or `\\n`")
      default:
        text.append(next)
        scanner.advance()
      }
    }
    throw JSON5Error(at: opening, "this string does not end; write `\(quote)` behind it")
  }

  /// What a `\` and what follows stand for; nil for a line end, which the string goes on after.
  private mutating func escape() throws(JSON5Error) -> Unicode.Scalar? {
    let start = scanner.position
    scanner.advance()
    guard let next = scanner.next else { throw JSON5Error(at: start, "the text ends inside a string") }
    scanner.advance()
    switch next {
    case "b": return "\u{08}"
    case "f": return "\u{0C}"
    case "n": return "\n"
    case "r": return "\r"
    case "t": return "\t"
    case "v": return "\u{0B}"
    case "x": return Unicode.Scalar(UInt32(try hexDigits(2)))
    case "u": return try unicodeEscape(start)
    case "\r":
      _ = scanner.take("\n")
      return nil
    case "\n", "\u{2028}", "\u{2029}": return nil
    case "0":
      if let digit = scanner.next, JSON5Scanner.isDigit(digit) { fallthrough }
      return "\0"
    case "1"..."9":
      throw JSON5Error(
        at: start, "there are no octal escapes; write `\\x` and two hexadecimal digits, or `\\\\` for `\\`")
    default: return next
    }
  }

  private mutating func unicodeEscape(_ start: JSON5Position) throws(JSON5Error) -> Unicode.Scalar {
    let high = UInt32(try hexDigits(4))
    if let scalar = Unicode.Scalar(high) { return scalar }
    if (0xD800..<0xDC00).contains(high), scanner.next == "\\", scanner.ahead(1) == "u" {
      scanner.advance()
      scanner.advance()
      let low = UInt32(try hexDigits(4))
      if (0xDC00..<0xE000).contains(low), let scalar = Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00))
      {
        return scalar
      }
    }
    throw JSON5Error(at: start, "this is half a surrogate pair; write both halves, or the character itself")
  }

  mutating func hexDigits(_ count: Int) throws(JSON5Error) -> Int {
    var value = 0
    for _ in 0..<count {
      guard let next = scanner.next, JSON5Scanner.isHexDigit(next), let digit = Int(String(next), radix: 16) else {
        throw unexpected("in an escape", write: "\(count) hexadecimal digits")
      }
      value = value << 4 | digit
      scanner.advance()
    }
    return value
  }
}
