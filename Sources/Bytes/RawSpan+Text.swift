extension RawSpan {
  /// The bytes as an array of their own.
  package var array: [UInt8] {
    withUnsafeBytes { Array($0) }
  }

  /// The bytes as text, with what is not UTF-8 replaced: for messages to people, never for data.
  package var text: String {
    withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
  }

  /// Whether the two spans hold the same bytes.
  package func elementsEqual(_ other: RawSpan) -> Bool {
    guard byteCount == other.byteCount else { return false }
    return withUnsafeBytes { mine in other.withUnsafeBytes { mine.elementsEqual($0) } }
  }
}
