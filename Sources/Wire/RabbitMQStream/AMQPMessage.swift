package import Bytes
package import Records

/// A record as an AMQP 1.0 message, which is what RabbitMQ's streams hold for consumers of every protocol: the payload as one
/// data section, and what there is to say of it as application properties.
///
/// `forebay-topic`, `forebay-gateway`, `forebay-epoch` (strings), `forebay-offset` (long), `forebay-time` (timestamp), of what
/// was left behind `forebay-lane` (`backlog`), then the record's own headers: strings where they are UTF-8, binary otherwise.
/// A key stands once; of several the first counts.
package struct AMQPMessage: Sendable {
  /// From the start of the section to the map's size.
  private static let propertiesHead: [UInt8] = [0x00, 0x53, 0x74, 0xD1]
  private static let dataHead: [UInt8] = [0x00, 0x53, 0x75]
  private static let ownProperties = 5

  /// Gateway and epoch, encoded, and the next key: the same in every message.
  private let topicKey: [UInt8]
  private let origin: [UInt8]
  private let timeKey: [UInt8]
  private let backlogMark = strings("forebay-lane", "backlog")

  package init(gateway: String, epoch: String) {
    topicKey = Self.strings("forebay-topic")
    origin = Self.strings("forebay-gateway", gateway, "forebay-epoch", epoch, "forebay-offset") + [0x81]
    timeKey = Self.strings("forebay-time") + [0x83]
  }

  private static func strings(_ strings: String...) -> [UInt8] {
    var writer = ByteWriter()
    for string in strings { writer.append(amqp: string.utf8.span.bytes) }
    return writer.array
  }

  /// Appends the message of `record`.
  /// - Parameter isLeftBehind: it comes later than others that are newer, and says so.
  package func append(_ record: borrowing Record, isLeftBehind: Bool = false, to writer: inout ByteWriter) {
    writer.append(Self.propertiesHead)
    let start = writer.count
    writer.append(UInt32(0))
    writer.append(UInt32(0))
    writer.append(topicKey)
    writer.append(amqp: record.topic)
    writer.append(origin)
    writer.append(record.offset)
    writer.append(timeKey)
    writer.append(record.timestamp.milliseconds)
    if isLeftBehind { writer.append(backlogMark) }
    let others = Self.appendHeaders(of: record, to: &writer) + (isLeftBehind ? 1 : 0)
    writer.patch(UInt32(writer.count - start - 4), at: start)
    writer.patch(UInt32(2 * (Self.ownProperties + others)), at: start + 4)
    writer.append(Self.dataHead)
    writer.append(amqpBinary: record.payload)
  }

  /// - Returns: how many.
  private static func appendHeaders(of record: borrowing Record, to writer: inout ByteWriter) -> Int {
    var count = 0
    var reader = ByteReader(record.headerBytes)
    for index in 0..<record.headerCount {
      guard let keyLength = reader.varInt(), let key = reader.bytes(Int(clamping: keyLength)),
        let valueLength = reader.varInt()
      else { break }
      // A negative length is Kafka's null.
      guard valueLength >= 0 else { continue }
      guard let value = reader.bytes(Int(clamping: valueLength)) else { break }
      guard UTF8Validation.isValid(key), !isRepeated(key, at: index, record) else { continue }
      writer.append(amqp: key)
      if UTF8Validation.isValid(value) { writer.append(amqp: value) } else { writer.append(amqpBinary: value) }
      count += 1
    }
    return count
  }

  /// Whether one of the first `index` headers has the same key.
  private static func isRepeated(_ key: RawSpan, at index: Int, _ record: borrowing Record) -> Bool {
    var reader = ByteReader(record.headerBytes)
    for _ in 0..<index {
      guard let keyLength = reader.varInt(), let other = reader.bytes(Int(clamping: keyLength)),
        let valueLength = reader.varInt()
      else { return false }
      guard valueLength >= 0 else { continue }
      if other.elementsEqual(key) { return true }
      guard reader.skip(Int(clamping: valueLength)) else { return false }
    }
    return false
  }
}

extension ByteWriter {
  /// Appends a string.
  fileprivate mutating func append(amqp text: RawSpan) { appendSized(text, 0xA1, 0xB1) }

  fileprivate mutating func append(amqpBinary bytes: RawSpan) { appendSized(bytes, 0xA0, 0xB0) }

  /// With a length of one byte where that is enough, otherwise of four.
  private mutating func appendSized(_ bytes: RawSpan, _ short: UInt8, _ long: UInt8) {
    if bytes.byteCount < 256 {
      append(short)
      append(UInt8(bytes.byteCount))
    } else {
      append(long)
      append(UInt32(bytes.byteCount))
    }
    append(bytes)
  }
}
