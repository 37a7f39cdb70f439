import Bytes

/// The head of a frame: uint32 size (without itself) · uint16 key · uint16 version.
package struct RabbitMQFrame: Hashable, Sendable {
  /// Nil: none that Forebay knows.
  package let command: RabbitMQCommand?
  /// Of the whole frame, its size included.
  package let byteCount: Int

  /// No frame for a producer is larger: what says so is no stream listener.
  package static let maximumBytes = 8 << 20
  /// Of size, key and version.
  static let headBytes = 8
  private static let responseBit: UInt16 = 0x8000

  /// The frame at the front of `bytes`; nil where more has to come. Whether it is a response is not told: some nodes leave
  /// the bit out.
  package static func parse(_ bytes: RawSpan) throws(RabbitMQMalformed) -> RabbitMQFrame? {
    var reader = ByteReader(bytes)
    guard let size = reader.uint32() else { return nil }
    guard size >= 4, size <= maximumBytes else { throw RabbitMQMalformed("a frame") }
    guard bytes.byteCount >= 4 + Int(size), let key = reader.uint16() else { return nil }
    return RabbitMQFrame(command: RabbitMQCommand(rawValue: key & ~responseBit), byteCount: 4 + Int(size))
  }
}

extension ByteWriter {
  /// Appends a frame: its head and what `body` appends.
  mutating func appendFrame(
    _ command: RabbitMQCommand, isResponse: Bool = false, _ body: (inout ByteWriter) -> Void = { _ in }
  ) {
    let start = count
    append(UInt32(0))
    append(command.rawValue | (isResponse ? 0x8000 : 0))
    append(UInt16(1))
    body(&self)
    patch(UInt32(count - start - 4), at: start)
  }

  mutating func append(rabbit text: String) {
    append(Int16(clamping: text.utf8.count))
    append(text)
  }

  mutating func append(rabbit map: [(String, String)]) {
    append(Int32(map.count))
    for (key, value) in map {
      append(rabbit: key)
      append(rabbit: value)
    }
  }
}
