package import Bytes

/// Headers that a record is given behind its own; the last of them is its offset, in decimal digits. Encoded once.
package struct OffsetHeaders: Hashable, Sendable {
  /// Up to the length of the last one's value.
  let front: [UInt8]
  package let count: Int

  /// - Parameters:
  ///   - headers: those that are the same for every record.
  ///   - key: that of the offset.
  package init(_ headers: RecordHeaders, offset key: String) {
    var offset = RecordHeaders()
    offset.add(key, "")
    // Without the length of its value, which is none yet.
    front = headers.bytes + offset.bytes.dropLast()
    count = headers.count + 1
  }

  /// Appends those of the record with that offset.
  package func append(to writer: inout ByteWriter, offset: Offset) {
    writer.append(front)
    // At most 19 digits: their number is one byte, zig-zag.
    let start = writer.count
    writer.append(UInt8(0))
    writer.append(decimal: offset)
    writer.patch(UInt8(2 * (writer.count - start - 1)), at: start)
  }

  /// How many bytes those of `count` records are, the first of which has the offset `first`.
  package func byteCount(_ first: Offset, count: Int) -> Int {
    let end = first + Offset(count)
    // A digit each, and one more for every power of ten that an offset reaches.
    var digits = count
    var (power, isTooLarge) = (Offset(10), false)
    while power < end, !isTooLarge {
      digits += Int(end - max(first, power))
      (power, isTooLarge) = power.multipliedReportingOverflow(by: 10)
    }
    return count * (front.count + 1) + digits
  }
}

extension OffsetHeaders {
  /// What a record says of itself to consumers far away, so that they recognise one that comes twice.
  /// - Parameter epoch: the log's, as text.
  package static func identity(gateway: String, epoch: String) -> Self {
    var headers = RecordHeaders()
    headers.add("forebay-gateway", gateway)
    headers.add("forebay-epoch", epoch)
    return Self(headers, offset: "forebay-offset")
  }

  /// How many headers an identity is.
  static let identityCount = 3
}
