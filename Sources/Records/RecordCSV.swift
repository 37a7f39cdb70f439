package import Bytes

/// The CSV form of a record (RFC 4180, lines end with a newline alone): `offset,time,topic,source,payload`.
///
/// A field with a comma, a quote or a line break in it is quoted, so a row may span lines. A payload that is not UTF-8
/// is `base64:` and its Base64 text. An absent source is empty.
package enum RecordCSV {
  package static let header = "offset,time,topic,source,payload"

  /// Appends the row for `record`, without a newline behind it.
  package static func append(_ record: borrowing Record, to writer: inout ByteWriter) {
    writer.append(decimal: record.offset)
    writer.append(UInt8(ascii: ","))
    record.timestamp.appendRFC3339(to: &writer)
    writer.append(UInt8(ascii: ","))
    appendField(record.topic, to: &writer)
    writer.append(UInt8(ascii: ","))
    if let source = record.headerValue("source") { appendField(source, to: &writer) }
    writer.append(UInt8(ascii: ","))
    if UTF8Validation.isValid(record.payload) {
      appendField(record.payload, to: &writer)
    } else {
      writer.append(literal: "base64:")
      Base64.append(record.payload, to: &writer)
    }
  }

  private static func appendField(_ field: RawSpan, to writer: inout ByteWriter) {
    field.withUnsafeBytes { bytes in
      let needsQuotes = bytes.contains {
        $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "\"") || $0 == 0x0A || $0 == 0x0D
      }
      guard needsQuotes else { return writer.append(RawSpan(_unsafeBytes: bytes)) }
      writer.append(UInt8(ascii: "\""))
      for byte in bytes {
        if byte == UInt8(ascii: "\"") { writer.append(byte) }
        writer.append(byte)
      }
      writer.append(UInt8(ascii: "\""))
    }
  }
}
