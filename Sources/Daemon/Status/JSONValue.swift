package import Bytes
import Records

/// A JSON value to be written: for reports, not for messages.
package indirect enum JSONValue: Hashable, Sendable {
  case null
  case bool(Bool)
  case integer(Int64)
  /// With that many digits behind the point, rounded.
  case decimal(Double, Int)
  case string(String)
  case array([JSONValue])
  case object([Member])

  package struct Member: Hashable, Sendable {
    package let key: String
    package let value: JSONValue
  }

  static func count(_ value: some BinaryInteger) -> JSONValue { .integer(Int64(clamping: value)) }

  /// A text, or null.
  static func optional(_ text: String?) -> JSONValue { text.map { .string($0) } ?? .null }

  /// A number, or null.
  static func optional(_ number: (some BinaryInteger)?) -> JSONValue { number.map { .count($0) } ?? .null }
  static func optional(_ number: Double?, digits: Int) -> JSONValue { number.map { .decimal($0, digits) } ?? .null }

  /// The members of both objects, in order.
  static func + (left: JSONValue, right: JSONValue) -> JSONValue {
    guard case .object(let first) = left, case .object(let rest) = right else { preconditionFailure("not objects") }
    return .object(first + rest)
  }

  /// On one line, without spaces.
  package func write(into writer: inout ByteWriter) {
    switch self {
    case .null: writer.append(literal: "null")
    case .bool(let flag): writer.append(flag ? "true" : "false")
    case .integer(let value): writer.append(decimal: value)
    case .decimal(let value, let digits): Self.writeDecimal(value, digits, into: &writer)
    case .string(let text): JSONText.appendString(text, to: &writer)
    case .array(let values):
      writer.append(UInt8(ascii: "["))
      for (index, value) in values.enumerated() {
        if index > 0 { writer.append(UInt8(ascii: ",")) }
        value.write(into: &writer)
      }
      writer.append(UInt8(ascii: "]"))
    case .object(let members):
      writer.append(UInt8(ascii: "{"))
      for (index, member) in members.enumerated() {
        if index > 0 { writer.append(UInt8(ascii: ",")) }
        JSONText.appendString(member.key, to: &writer)
        writer.append(UInt8(ascii: ":"))
        member.value.write(into: &writer)
      }
      writer.append(UInt8(ascii: "}"))
    }
  }

  private static func writeDecimal(_ value: Double, _ digits: Int, into writer: inout ByteWriter) {
    guard value.isFinite, value.magnitude < 1e12 else { return writer.append(literal: "null") }
    let scale = (0..<digits).reduce(UInt64(1)) { scale, _ in scale * 10 }
    let scaled = UInt64((value.magnitude * Double(scale)).rounded())
    if value < 0, scaled > 0 { writer.append(UInt8(ascii: "-")) }
    writer.append(decimal: scaled / scale, minimumDigits: 1)
    guard digits > 0 else { return }
    writer.append(UInt8(ascii: "."))
    writer.append(decimal: scaled % scale, minimumDigits: digits)
  }

  package var bytes: [UInt8] {
    var writer = ByteWriter(capacity: 4096)
    write(into: &writer)
    return writer.array
  }
}

extension JSONValue: ExpressibleByDictionaryLiteral, ExpressibleByStringLiteral, ExpressibleByBooleanLiteral {
  package init(dictionaryLiteral elements: (String, JSONValue)...) {
    self = .object(elements.map { Member(key: $0.0, value: $0.1) })
  }

  package init(stringLiteral value: String) { self = .string(value) }

  package init(booleanLiteral value: Bool) { self = .bool(value) }
}
