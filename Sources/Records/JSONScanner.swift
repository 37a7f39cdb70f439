import Bytes

/// Tells whether bytes are one JSON value, strictly (RFC 8259): they can then be put into another JSON text as they are.
/// Allocates nothing; arrays and objects may be nested 64 deep.
package struct JSONScanner: ~Escapable {
  package static let maximumDepth = 64

  private var reader: ByteReader
  private var depth = 0
  /// One bit for each level that is open, the innermost lowest: 1 for an object.
  private var objects: UInt64 = 0

  @_lifetime(copy bytes)
  private init(_ bytes: RawSpan) {
    reader = ByteReader(bytes)
  }

  /// Whether `bytes` are one JSON value, with white space around it or without, and valid UTF-8.
  package static func isValue(_ bytes: RawSpan) -> Bool {
    guard bytes.byteCount > 0 else { return false }
    var scanner = JSONScanner(bytes)
    return scanner.takeDocument() && UTF8Validation.isValid(bytes)
  }

  private mutating func takeDocument() -> Bool {
    while true {
      // A value begins here.
      skipWhiteSpace()
      guard let byte = next() else { return false }
      switch byte {
      case UInt8(ascii: "{"):
        guard open(isObject: true) else { return false }
        skipWhiteSpace()
        if take(UInt8(ascii: "}")) {
          close()
        } else {
          guard takeName() else { return false }
          continue
        }
      case UInt8(ascii: "["):
        guard open(isObject: false) else { return false }
        skipWhiteSpace()
        guard take(UInt8(ascii: "]")) else { continue }
        close()
      default:
        guard takeScalar(byte) else { return false }
      }
      // A value has ended.
      switch takeEnds() {
      case .another: continue
      case .document: return true
      case .malformed: return false
      }
    }
  }

  private enum End {
    case another, document, malformed
  }

  /// Takes what may stand behind a value: the ends of the levels it was the last of, then a comma or the end of all.
  private mutating func takeEnds() -> End {
    while true {
      skipWhiteSpace()
      guard depth > 0 else { return reader.isAtEnd ? .document : .malformed }
      let isObject = objects & 1 == 1
      switch next() {
      case UInt8(ascii: ","):
        guard isObject else { return .another }
        skipWhiteSpace()
        return takeName() ? .another : .malformed
      case UInt8(ascii: "}") where isObject, UInt8(ascii: "]") where !isObject: close()
      default: return .malformed
      }
    }
  }

  private mutating func open(isObject: Bool) -> Bool {
    guard depth < Self.maximumDepth else { return false }
    depth += 1
    objects = objects << 1 | (isObject ? 1 : 0)
    return true
  }

  private mutating func close() {
    depth -= 1
    objects >>= 1
  }

  /// A member's name and its colon.
  private mutating func takeName() -> Bool {
    guard take(UInt8(ascii: "\"")), takeString() else { return false }
    skipWhiteSpace()
    return take(UInt8(ascii: ":"))
  }

  /// The rest of a string, number, `true`, `false` or `null` that begins with `first`.
  private mutating func takeScalar(_ first: UInt8) -> Bool {
    switch first {
    case UInt8(ascii: "\""): takeString()
    case UInt8(ascii: "t"): takeLiteral("rue")
    case UInt8(ascii: "f"): takeLiteral("alse")
    case UInt8(ascii: "n"): takeLiteral("ull")
    case UInt8(ascii: "-"):
      if let digit = next(), isDigit(digit) { takeNumber(digit) } else { false }
    default: isDigit(first) && takeNumber(first)
    }
  }

  private mutating func takeString() -> Bool {
    while let byte = next() {
      switch byte {
      case UInt8(ascii: "\""): return true
      case UInt8(ascii: "\\"): guard takeEscape() else { return false }
      case 0..<0x20: return false
      default: continue
      }
    }
    return false
  }

  private mutating func takeEscape() -> Bool {
    switch next() {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
      UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
      return true
    case UInt8(ascii: "u"):
      for _ in 0..<4 {
        guard let digit = next(), isHexDigit(digit) else { return false }
      }
      return true
    default:
      return false
    }
  }

  /// The rest of a number whose first digit is `first`.
  private mutating func takeNumber(_ first: UInt8) -> Bool {
    if first != UInt8(ascii: "0") { skipDigits() }
    if take(UInt8(ascii: ".")) {
      guard let digit = next(), isDigit(digit) else { return false }
      skipDigits()
    }
    if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
      if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
      guard let digit = next(), isDigit(digit) else { return false }
      skipDigits()
    }
    return true
  }

  private mutating func takeLiteral(_ rest: StaticString) -> Bool {
    for index in 0..<rest.utf8CodeUnitCount {
      guard take(rest.utf8Start[index]) else { return false }
    }
    return true
  }

  private mutating func skipDigits() {
    while let byte = peek(), isDigit(byte) { _ = reader.skip(1) }
  }

  private mutating func skipWhiteSpace() {
    while let byte = peek(), byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { _ = reader.skip(1) }
  }

  private mutating func next() -> UInt8? { reader.uint8() }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard peek() == byte else { return false }
    return reader.skip(1)
  }

  private func peek() -> UInt8? {
    var ahead = reader
    return ahead.uint8()
  }

  private func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

  private func isHexDigit(_ byte: UInt8) -> Bool { isDigit(byte) || (byte | 0x20) &- UInt8(ascii: "a") < 6 }
}
