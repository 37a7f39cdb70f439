/// Headers that every record of a batch is given behind its own; one of them is its offset, in decimal digits. Encoded once.
package struct OffsetHeaders: Hashable, Sendable {
  /// Those in front of the offset's, and that one up to its value's length.
  let front: [UInt8]
  let back: [UInt8]
  let count: Int

  /// - Parameters:
  ///   - front: headers that are the same for every record.
  ///   - key: that of the offset.
  ///   - back: the same as `front`, behind it.
  package init(_ front: RecordHeaders, offset key: String, _ back: RecordHeaders = .none) {
    var offset = RecordHeaders()
    offset.add(key, "")
    // Without the length of its value, which is none yet.
    self.front = front.bytes + offset.bytes.dropLast()
    self.back = back.bytes
    count = front.count + 1 + back.count
  }
}
