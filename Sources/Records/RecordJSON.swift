package import Bytes

/// The NDJSON form of a record: what handlers, files and queries get. One object, no newline in it:
///
/// `{"offset":7,"time":"2026-11-23T07:41:05.250Z","topic":"plant/1","source":"mqtt:pump","payload":{"temp":21.5}}`
///
/// | field | |
/// |---|---|
/// | `offset` | a number |
/// | `time` | of receipt, RFC 3339, UTC, milliseconds |
/// | `topic` | a string |
/// | `source` | a string; absent on Forebay's own records |
/// | `reason`, `attempts`, `originalTopic`, `originalOffset` | on dead letters alone: why, and which record it was |
/// | `payload` | the payload as it came where it is a JSON value, newlines between its parts as spaces; a string where it is other UTF-8; else `{"base64":"…"}` |
package enum RecordJSON {
  /// Appends the object for `record`, without a newline behind it. Allocates nothing beyond the writer's growth.
  /// - Parameter leadingMembers: JSON members to put in front, each with a comma behind it: `"gateway":"plant-7",`.
  package static func append(
    _ record: borrowing Record, leadingMembers: String = "", to writer: inout ByteWriter
  ) {
    writer.append(UInt8(ascii: "{"))
    if !leadingMembers.isEmpty { writer.append(leadingMembers) }
    writer.append(literal: "\"offset\":")
    writer.append(decimal: record.offset)
    writer.append(literal: ",\"time\":\"")
    record.timestamp.appendRFC3339(to: &writer)
    writer.append(literal: "\",\"topic\":")
    appendText(record.topic, to: &writer)
    if let source = record.headerValue("source") {
      writer.append(literal: ",\"source\":")
      appendText(source, to: &writer)
    }
    if record.isDeadLetter { appendDeadLetter(record, to: &writer) }
    writer.append(literal: ",\"payload\":")
    appendPayload(record.payload, to: &writer)
    writer.append(UInt8(ascii: "}"))
  }

  /// Appends `payload` as a JSON value.
  package static func appendPayload(_ payload: RawSpan, to writer: inout ByteWriter) {
    if JSONScanner.isValue(payload) {
      appendWithoutNewlines(payload, to: &writer)
    } else if UTF8Validation.isValid(payload) {
      JSONText.appendString(payload, to: &writer)
    } else {
      writer.append(literal: "{\"base64\":\"")
      Base64.append(payload, to: &writer)
      writer.append(literal: "\"}")
    }
  }

  private static func appendDeadLetter(_ record: borrowing Record, to writer: inout ByteWriter) {
    if let reason = record.headerValue("reason") {
      writer.append(literal: ",\"reason\":")
      appendText(reason, to: &writer)
    }
    if let attempts = record.headerValue("attempts") {
      writer.append(literal: ",\"attempts\":")
      appendNumber(attempts, to: &writer)
    }
    if let topic = record.headerValue("topic") {
      writer.append(literal: ",\"originalTopic\":")
      appendText(topic, to: &writer)
    }
    if let offset = record.headerValue("offset") {
      writer.append(literal: ",\"originalOffset\":")
      appendNumber(offset, to: &writer)
    }
  }

  /// Text that is a number stays one; anything else becomes a string.
  private static func appendNumber(_ text: RawSpan, to writer: inout ByteWriter) {
    let isNumber =
      JSONScanner.isValue(text)
      && text.withUnsafeBytes { $0.allSatisfy { $0 &- UInt8(ascii: "0") < 10 || $0 == UInt8(ascii: "-") } }
    if isNumber { writer.append(text) } else { appendText(text, to: &writer) }
  }

  /// Topics and sources are UTF-8 when they come through Forebay; a batch from elsewhere must not break the line either.
  private static func appendText(_ text: RawSpan, to writer: inout ByteWriter) {
    if UTF8Validation.isValid(text) {
      JSONText.appendString(text, to: &writer)
    } else {
      JSONText.appendString(text.text, to: &writer)
    }
  }

  /// A newline in JSON is white space, never part of a value: inside strings it is escaped.
  private static func appendWithoutNewlines(_ json: RawSpan, to writer: inout ByteWriter) {
    json.withUnsafeBytes { bytes in
      var start = 0
      for (index, byte) in bytes.enumerated() where byte == 0x0A || byte == 0x0D {
        writer.append(RawSpan(_unsafeBytes: bytes[start..<index]))
        writer.append(UInt8(ascii: " "))
        start = index + 1
      }
      writer.append(RawSpan(_unsafeBytes: bytes[start...]))
    }
  }
}
