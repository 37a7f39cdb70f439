import Bytes

extension Record {
  /// The value of the first header of that key, in place; nil where there is none, or a null.
  @_lifetime(copy self)
  package func headerValue(_ key: StaticString) -> RawSpan? {
    var reader = ByteReader(headerBytes)
    for _ in 0..<headerCount {
      guard let keyLength = reader.varInt(), let found = reader.bytes(Int(clamping: keyLength)),
        let valueLength = reader.varInt()
      else { return nil }
      let isWanted = found.withUnsafeBytes { found in key.withUTF8Buffer { found.elementsEqual($0) } }
      // A negative length is Kafka's null.
      guard valueLength >= 0 else {
        if isWanted { return nil }
        continue
      }
      guard let value = reader.bytes(Int(clamping: valueLength)) else { return nil }
      if isWanted { return value }
    }
    return nil
  }

  /// Whether the record is a dead letter, of whatever route.
  package var isDeadLetter: Bool { topic.starts(with: Topic.deadLetterPrefix) }
}

extension RawSpan {
  /// Whether the bytes begin with those of `text`.
  package func starts(with text: String) -> Bool {
    let prefix = text.utf8.span.bytes
    return byteCount >= prefix.byteCount && extracting(0..<prefix.byteCount).elementsEqual(prefix)
  }
}
