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
}
