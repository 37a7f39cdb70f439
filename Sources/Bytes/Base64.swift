/// Base64 (RFC 4648 section 4), with padding.
package enum Base64 {
  private static let alphabet: StaticString = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

  /// Appends the text for `bytes`.
  package static func append(_ bytes: RawSpan, to writer: inout ByteWriter) {
    let digits = alphabet.utf8Start
    writer.reserve((bytes.byteCount + 2) / 3 * 4)
    bytes.withUnsafeBytes { bytes in
      for start in stride(from: 0, to: bytes.count, by: 3) {
        let count = min(bytes.count - start, 3)
        var group = UInt32(bytes[start]) << 16
        if count > 1 { group |= UInt32(bytes[start + 1]) << 8 }
        if count > 2 { group |= UInt32(bytes[start + 2]) }
        writer.append(digits[Int(group >> 18)])
        writer.append(digits[Int(group >> 12 & 63)])
        writer.append(count > 1 ? digits[Int(group >> 6 & 63)] : UInt8(ascii: "="))
        writer.append(count > 2 ? digits[Int(group & 63)] : UInt8(ascii: "="))
      }
    }
  }

  package static func encode(_ bytes: [UInt8]) -> String {
    var writer = ByteWriter(capacity: (bytes.count + 2) / 3 * 4)
    append(bytes.span.bytes, to: &writer)
    return String(decoding: writer.array, as: UTF8.self)
  }

  /// Nil where `text` is not Base64 with its padding.
  package static func decode(_ text: String) -> [UInt8]? {
    let digits = Array(text.utf8)
    let padding = digits.reversed().prefix { $0 == UInt8(ascii: "=") }.count
    guard digits.count % 4 == 0, padding <= 2 else { return nil }
    var bytes: [UInt8] = []
    var group: UInt32 = 0
    for (index, digit) in digits.enumerated() {
      let isPadding = index >= digits.count - padding
      guard let value = isPadding ? 0 : value(of: digit) else { return nil }
      group = group << 6 | value
      if index % 4 == 3 {
        bytes += [UInt8(group >> 16 & 0xFF), UInt8(group >> 8 & 0xFF), UInt8(group & 0xFF)]
        group = 0
      }
    }
    return Array(bytes.dropLast(padding))
  }

  private static func value(of digit: UInt8) -> UInt32? {
    switch digit {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(digit - UInt8(ascii: "A"))
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(digit - UInt8(ascii: "a")) + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(digit - UInt8(ascii: "0")) + 52
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
  }
}
