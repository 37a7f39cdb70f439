import Bytes

/// A topic filter: `plant/+/temp`, `plant/#` (MQTT 3.1.1 section 4.7).
///
/// `+` matches one level, `#` the level it follows and everything below it. A filter that begins with a wildcard does
/// not match topics that begin with `$`.
package struct TopicFilter: Hashable, Sendable, CustomStringConvertible {
  package let bytes: [UInt8]

  package init(_ bytes: RawSpan) throws(TopicProblem) {
    if let problem = Self.problem(with: bytes) { throw problem }
    self.bytes = bytes.array
  }

  package init(_ text: String) throws(TopicProblem) {
    try self.init(text.utf8.span.bytes)
  }

  package var description: String { String(decoding: bytes, as: UTF8.self) }

  /// Whether a record of `topic` passes the filter. Allocates nothing.
  package func matches(_ topic: RawSpan) -> Bool {
    topic.withUnsafeBytes { topic in bytes.withUnsafeBytes { Self.matches(filter: $0, topic: topic) } }
  }

  private static func problem(with bytes: RawSpan) -> TopicProblem? {
    guard bytes.byteCount > 0 else { return .empty }
    guard bytes.byteCount <= Topic.maximumBytes else { return .tooLong }
    guard UTF8Validation.isValid(bytes) else { return .notUTF8 }
    return bytes.withUnsafeBytes { bytes in
      for (index, byte) in bytes.enumerated() {
        if byte == 0 { return .containsNull }
        guard byte == UInt8(ascii: "+") || byte == UInt8(ascii: "#") else { continue }
        let startsLevel = index == 0 || bytes[index - 1] == Topic.separator
        let isLast = index == bytes.count - 1
        let endsLevel = isLast || (byte == UInt8(ascii: "+") && bytes[index + 1] == Topic.separator)
        guard startsLevel, endsLevel else { return .misplacedWildcard }
      }
      return nil
    }
  }

  private static func matches(filter: UnsafeRawBufferPointer, topic: UnsafeRawBufferPointer) -> Bool {
    if topic.first == UInt8(ascii: "$"), filter[0] != UInt8(ascii: "$") { return false }
    var inFilter = 0
    var inTopic = 0
    while inFilter < filter.count {
      switch filter[inFilter] {
      case UInt8(ascii: "#"):
        return true
      case UInt8(ascii: "+"):
        while inTopic < topic.count, topic[inTopic] != Topic.separator { inTopic += 1 }
        inFilter += 1
      case let byte:
        if inTopic < topic.count, topic[inTopic] == byte {
          inFilter += 1
          inTopic += 1
        } else {
          // `plant/#` matches `plant`, too: the parent of the level the wildcard stands for.
          return inTopic == topic.count && filter.count - inFilter == 2 && byte == Topic.separator
            && filter[inFilter + 1] == UInt8(ascii: "#")
        }
      }
    }
    return inTopic == topic.count
  }
}
