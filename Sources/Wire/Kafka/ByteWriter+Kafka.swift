import Bytes

// Primitive types of the Kafka protocol, in both forms: before and after an API's first flexible version.
extension ByteWriter {
  mutating func append(kafka text: String, flexible isFlexible: Bool) {
    append(kafkaLength: text.utf8.count, isFlexible, short: true)
    append(text)
  }

  mutating func append(kafka bytes: RawSpan, flexible isFlexible: Bool) {
    append(kafkaLength: bytes.byteCount, isFlexible, short: false)
    append(bytes)
  }

  /// Nil of a text.
  mutating func appendKafkaNull(flexible isFlexible: Bool) {
    if isFlexible { append(UInt8(0)) } else { append(Int16(-1)) }
  }

  mutating func append(kafkaCount count: Int, flexible isFlexible: Bool) {
    append(kafkaLength: count, isFlexible, short: false)
  }

  /// The end of a structure: no tagged fields.
  mutating func appendKafkaTags(flexible isFlexible: Bool) {
    if isFlexible { append(UInt8(0)) }
  }

  mutating func append(kafka flag: Bool) { append(UInt8(flag ? 1 : 0)) }

  private mutating func append(kafkaLength length: Int, _ isFlexible: Bool, short isShort: Bool) {
    if isFlexible {
      append(varUInt: UInt64(length) + 1)
    } else if isShort {
      precondition(length <= Int(Int16.max))
      append(Int16(length))
    } else {
      append(Int32(length))
    }
  }
}
