/// Goes through a text scalar by scalar and knows where it is.
struct JSON5Scanner {
  private let scalars: [Unicode.Scalar]
  private(set) var index = 0
  private var line = 1
  private var lineStart = 0

  /// - Throws: where `bytes` are not UTF-8.
  init(_ bytes: [UInt8]) throws(JSON5Error) {
    var scalars: [Unicode.Scalar] = []
    scalars.reserveCapacity(bytes.count)
    var line = 1
    var lineStart = 0
    var decoder = UTF8()
    var iterator = bytes.makeIterator()
    decoding: while true {
      switch decoder.decode(&iterator) {
      case .scalarValue(let scalar):
        scalars.append(scalar)
        if scalar == "\n" {
          line += 1
          lineStart = scalars.count
        }
      case .emptyInput: break decoding
      case .error:
        let position = JSON5Position(line: line, column: scalars.count - lineStart + 1)
        throw JSON5Error(at: position, "this is not UTF-8; save the file as UTF-8")
      }
    }
    self.scalars = scalars
  }

  var position: JSON5Position { JSON5Position(line: line, column: index - lineStart + 1) }

  /// The next scalar, nil at the end.
  var next: Unicode.Scalar? { index < scalars.count ? scalars[index] : nil }

  /// The scalar `distance` behind the next.
  func ahead(_ distance: Int) -> Unicode.Scalar? {
    index + distance < scalars.count ? scalars[index + distance] : nil
  }

  mutating func advance() {
    let passed = scalars[index]
    index += 1
    // A carriage return before a line feed is part of the same line end.
    if passed == "\n" || passed == "\u{2028}" || passed == "\u{2029}" || (passed == "\r" && next != "\n") {
      line += 1
      lineStart = index
    }
  }

  mutating func take(_ scalar: Unicode.Scalar) -> Bool {
    guard next == scalar else { return false }
    advance()
    return true
  }

  /// Takes scalars for as long as they pass.
  mutating func take(while passes: (Unicode.Scalar) -> Bool) -> String {
    var text = String.UnicodeScalarView()
    while let scalar = next, passes(scalar) {
      text.append(scalar)
      advance()
    }
    return String(text)
  }

  /// Passes over white space and comments (JSON5 sections 7 and 8).
  mutating func skipSpace() throws(JSON5Error) {
    while let scalar = next {
      if Self.isSpace(scalar) || Self.isLineEnd(scalar) {
        advance()
      } else if scalar == "/", ahead(1) == "/" {
        while let scalar = next, !Self.isLineEnd(scalar) { advance() }
      } else if scalar == "/", ahead(1) == "*" {
        try skipBlockComment()
      } else {
        return
      }
    }
  }

  private mutating func skipBlockComment() throws(JSON5Error) {
    let start = position
    advance()
    advance()
    while next != nil {
      if next == "*", ahead(1) == "/" {
        advance()
        advance()
        return
      }
      advance()
    }
    throw JSON5Error(at: start, "this comment does not end; write `*/` behind it")
  }

  static func isLineEnd(_ scalar: Unicode.Scalar) -> Bool {
    scalar == "\n" || scalar == "\r" || scalar == "\u{2028}" || scalar == "\u{2029}"
  }

  static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case " ", "\t", "\u{0B}", "\u{0C}", "\u{A0}", "\u{FEFF}": true
    default: scalar.properties.generalCategory == .spaceSeparator
    }
  }

  /// ECMAScript 5.1 section 7.6: letters, `$`, `_`, and behind the first digits and marks, too.
  static func isIdentifierStart(_ scalar: Unicode.Scalar) -> Bool {
    if scalar == "$" || scalar == "_" { return true }
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .letterNumber: return true
    default: return false
    }
  }

  static func isIdentifierPart(_ scalar: Unicode.Scalar) -> Bool {
    if isIdentifierStart(scalar) || scalar == "\u{200C}" || scalar == "\u{200D}" { return true }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .spacingMark, .decimalNumber, .connectorPunctuation: return true
    default: return false
    }
  }

  static func isDigit(_ scalar: Unicode.Scalar) -> Bool {
    ("0"..."9").contains(scalar)
  }

  static func isHexDigit(_ scalar: Unicode.Scalar) -> Bool {
    isDigit(scalar) || ("a"..."f").contains(scalar) || ("A"..."F").contains(scalar)
  }
}
