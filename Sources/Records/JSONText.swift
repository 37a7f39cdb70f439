package import Bytes

/// Writes the small pieces of JSON text (RFC 8259).
package enum JSONText {
  /// Appends `utf8` as a JSON string with its quotes. The bytes must be UTF-8; control characters are escaped.
  package static func appendString(_ utf8: RawSpan, to writer: inout ByteWriter) {
    writer.append(UInt8(ascii: "\""))
    var start = 0
    for index in 0..<utf8.byteCount {
      let byte = utf8.unsafeLoad(fromByteOffset: index, as: UInt8.self)
      guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte == 0x7F else { continue }
      writer.append(utf8.extracting(start..<index))
      appendEscape(byte, to: &writer)
      start = index + 1
    }
    writer.append(utf8.extracting(start..<utf8.byteCount))
    writer.append(UInt8(ascii: "\""))
  }

  package static func appendString(_ text: String, to writer: inout ByteWriter) {
    appendString(text.utf8.span.bytes, to: &writer)
  }

  private static func appendEscape(_ byte: UInt8, to writer: inout ByteWriter) {
    writer.append(UInt8(ascii: "\\"))
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): writer.append(byte)
    case 0x0A: writer.append(UInt8(ascii: "n"))
    case 0x0D: writer.append(UInt8(ascii: "r"))
    case 0x09: writer.append(UInt8(ascii: "t"))
    default:
      writer.append(literal: "u00")
      writer.append(hexDigit(byte >> 4))
      writer.append(hexDigit(byte & 15))
    }
  }

  private static func hexDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
  }
}
