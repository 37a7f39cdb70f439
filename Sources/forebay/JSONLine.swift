import Bytes
import Records

/// One JSON object on a line of its own, member by member; a member without a value is left out.
struct JSONLine: ~Copyable {
  private var writer = ByteWriter(capacity: 256)

  init() {
    writer.append(UInt8(ascii: "{"))
  }

  mutating func add(_ key: String, _ value: String?) {
    guard let value else { return }
    append(key)
    JSONText.appendString(value, to: &writer)
  }

  mutating func add(_ key: String, _ value: (some BinaryInteger)?) {
    guard let value else { return }
    append(key)
    writer.append(decimal: Int64(clamping: value))
  }

  mutating func add(_ key: String, _ value: Bool) {
    append(key)
    writer.append(value ? "true" : "false")
  }

  private mutating func append(_ key: String) {
    if writer.count > 1 { writer.append(UInt8(ascii: ",")) }
    JSONText.appendString(key, to: &writer)
    writer.append(UInt8(ascii: ":"))
  }

  /// The object, closed, without a newline.
  consuming func text() -> String {
    writer.append(UInt8(ascii: "}"))
    return writer.bytes.text
  }
}
