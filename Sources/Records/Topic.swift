import Bytes

/// A topic name: `plant/7/pump/temp`. UTF-8 bytes, levels separated by `/`, no wildcards (MQTT 3.1.1 section 4.7).
package enum Topic {
  /// The longest topic MQTT can carry.
  package static let maximumBytes = 65_535

  package static let separator = UInt8(ascii: "/")

  /// Topics of Forebay's own records: gaps and dead letters.
  package static let ownPrefix = "$forebay/"
  package static let gap = "$forebay/gap"
  package static let deadLetterPrefix = "$forebay/dead-letter/"

  /// What is wrong with `topic` as the name in a PUBLISH, or nil.
  package static func problem(with topic: RawSpan) -> TopicProblem? {
    guard topic.byteCount > 0 else { return .empty }
    guard topic.byteCount <= maximumBytes else { return .tooLong }
    return topic.withUnsafeBytes { bytes in
      var isASCII: UInt8 = 0
      for byte in bytes {
        isASCII |= byte
        if byte == 0 { return .containsNull }
        if byte == UInt8(ascii: "+") || byte == UInt8(ascii: "#") { return .containsWildcard }
      }
      return isASCII < 0x80 || UTF8Validation.isValid(bytes) ? nil : .notUTF8
    }
  }
}

/// Why bytes are not a topic name or a topic filter.
package enum TopicProblem: Error, Hashable, Sendable, CustomStringConvertible {
  case empty
  case tooLong
  case containsNull
  case containsWildcard
  case notUTF8
  case misplacedWildcard

  package var description: String {
    switch self {
    case .empty: "it is empty"
    case .tooLong: "it is longer than \(Topic.maximumBytes) bytes"
    case .containsNull: "it contains a null character"
    case .containsWildcard: "it contains a wildcard; `+` and `#` belong in filters only"
    case .notUTF8: "it is not valid UTF-8"
    case .misplacedWildcard: "a wildcard must fill a whole level, and `#` must be the last: `plant/+/temp`, `plant/#`"
    }
  }
}
