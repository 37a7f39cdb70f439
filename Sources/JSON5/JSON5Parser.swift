/// Reads JSON5 (spec.json5.org, version 1.0.0) into a tree that remembers where everything stood.
///
/// Stricter than the specification in two things, since a configuration must not be guessed at: an object with the same
/// key twice is an error, and so is half a surrogate pair.
package struct JSON5Parser {
  var scanner: JSON5Scanner
  private let limits: JSON5Limits
  private var depth = 0

  package static func parse(_ bytes: [UInt8], limits: JSON5Limits = JSON5Limits()) throws(JSON5Error) -> JSON5Value {
    guard bytes.count <= limits.bytes else {
      throw JSON5Error(at: JSON5Position(line: 1, column: 1), "the text is larger than \(limits.bytes) bytes")
    }
    var parser = JSON5Parser(scanner: try JSON5Scanner(bytes), limits: limits)
    try parser.scanner.skipSpace()
    let value = try parser.value()
    try parser.scanner.skipSpace()
    if parser.scanner.next != nil {
      throw parser.unexpected("behind the end of the value", write: "nothing, or remove the brace that ended it early")
    }
    return value
  }

  private init(scanner: JSON5Scanner, limits: JSON5Limits) {
    self.scanner = scanner
    self.limits = limits
  }

  mutating func value() throws(JSON5Error) -> JSON5Value {
    let start = scanner.position
    guard let next = scanner.next else { throw unexpected("in place of a value", write: "a value") }
    switch next {
    case "{": return JSON5Value(.object(try nested { parser throws(JSON5Error) in try parser.members() }), at: start)
    case "[": return JSON5Value(.array(try nested { parser throws(JSON5Error) in try parser.elements() }), at: start)
    case "\"", "'": return JSON5Value(.string(try string()), at: start)
    case "+", "-", ".", "0"..."9": return JSON5Value(.number(try number()), at: start)
    default: return JSON5Value(try word(), at: start)
    }
  }

  private mutating func nested<Result>(
    _ body: (inout JSON5Parser) throws(JSON5Error) -> Result
  ) throws(JSON5Error) -> Result {
    depth += 1
    defer { depth -= 1 }
    guard depth <= limits.depth else {
      throw JSON5Error(at: scanner.position, "objects and lists are nested more than \(limits.depth) deep")
    }
    return try body(&self)
  }

  private mutating func members() throws(JSON5Error) -> [JSON5Member] {
    let opening = scanner.position
    scanner.advance()
    var members: [JSON5Member] = []
    var lineOf: [String: Int] = [:]
    while true {
      try scanner.skipSpace()
      if scanner.take("}") { return members }
      let position = scanner.position
      let key = try self.key(opening)
      if let line = lineOf.updateValue(position.line, forKey: key) {
        throw JSON5Error(at: position, "`\(key)` stands here a second time, after line \(line); keep one of the two")
      }
      try scanner.skipSpace()
      guard scanner.take(":") else { throw unexpected("behind the key `\(key)`", write: "`:` and a value") }
      try scanner.skipSpace()
      members.append(JSON5Member(key: key, at: position, value: try value()))
      try scanner.skipSpace()
      if scanner.take("}") { return members }
      guard scanner.take(",") else { throw unclosed(opening, "{", "}", "behind the value of `\(key)`") }
    }
  }

  private mutating func elements() throws(JSON5Error) -> [JSON5Value] {
    let opening = scanner.position
    scanner.advance()
    var elements: [JSON5Value] = []
    while true {
      try scanner.skipSpace()
      if scanner.take("]") { return elements }
      if scanner.next == nil { throw unclosed(opening, "[", "]", "in a list") }
      elements.append(try value())
      try scanner.skipSpace()
      if scanner.take("]") { return elements }
      guard scanner.take(",") else { throw unclosed(opening, "[", "]", "in a list") }
    }
  }

  private mutating func key(_ opening: JSON5Position) throws(JSON5Error) -> String {
    guard let next = scanner.next else { throw unclosed(opening, "{", "}", "in an object") }
    if next == "\"" || next == "'" { return try string() }
    guard next == "\\" || JSON5Scanner.isIdentifierStart(next) else {
      throw unexpected("in place of a key", write: "a key, in quotes where it is not a plain word, or `}`")
    }
    return try identifier()
  }

  /// `plant7`, `\u0061bc`.
  private mutating func identifier() throws(JSON5Error) -> String {
    var text = String.UnicodeScalarView()
    while let next = scanner.next {
      let position = scanner.position
      var scalar = next
      if next == "\\" {
        scanner.advance()
        guard scanner.take("u") else { throw JSON5Error(at: position, "a key may hold `\\uXXXX` and no other escape") }
        guard let escaped = Unicode.Scalar(UInt32(try hexDigits(4))) else {
          throw JSON5Error(at: position, "this escape is half a surrogate pair; put the key in quotes")
        }
        scalar = escaped
      } else if JSON5Scanner.isIdentifierPart(next) {
        scanner.advance()
      } else {
        break
      }
      let fits = text.isEmpty ? JSON5Scanner.isIdentifierStart(scalar) : JSON5Scanner.isIdentifierPart(scalar)
      guard fits else { throw JSON5Error(at: position, "this cannot stand in a plain key; put the key in quotes") }
      text.append(scalar)
    }
    return String(text)
  }

  /// `true`, `false`, `null`, `Infinity`, `NaN`.
  private mutating func word() throws(JSON5Error) -> JSON5Value.Content {
    let start = scanner.position
    let word = scanner.take(while: JSON5Scanner.isIdentifierPart)
    switch word {
    case "true": return .bool(true)
    case "false": return .bool(false)
    case "null": return .null
    case "Infinity": return .number(JSON5Number(text: word, double: .infinity, integer: nil))
    case "NaN": return .number(JSON5Number(text: word, double: .nan, integer: nil))
    case "": throw unexpected("in place of a value", write: "a value")
    default: throw JSON5Error(at: start, "found `\(word)` in place of a value; put text in quotes: \"\(word)\"")
    }
  }

  // MARK: errors

  /// What was found at the scanner and what belongs there.
  func unexpected(_ place: String, write remedy: String) -> JSON5Error {
    JSON5Error(at: scanner.position, "found \(found) \(place); write \(remedy)")
  }

  private func unclosed(_ opening: JSON5Position, _ open: String, _ close: String, _ place: String) -> JSON5Error {
    guard scanner.next == nil else { return unexpected(place, write: "`,` or `\(close)`") }
    let beginning = "line \(opening.line), column \(opening.column)"
    return JSON5Error(
      at: scanner.position, "the text ends inside the `\(open)` of \(beginning); write `\(close)` to end it")
  }

  private var found: String {
    guard let next = scanner.next else { return "the end of the text" }
    return next.value < 32 || next.value == 127
      ? "character U+\(String(next.value, radix: 16, uppercase: true))" : "`\(next)`"
  }
}
