import Records

/// The last retained message of every topic that has one. One owner.
struct RetainedMessages {
  private var messages: [[UInt8]: OwnedRecord] = [:]
  private let maxCount: Int
  private let maxBytes: Int
  private(set) var bytes = 0

  init(maxCount: Int, maxBytes: Int) {
    self.maxCount = maxCount
    self.maxBytes = maxBytes
  }

  var count: Int { messages.count }
  var all: Dictionary<[UInt8], OwnedRecord>.Values { messages.values }

  subscript(topic: [UInt8]) -> OwnedRecord? { messages[topic] }

  /// Makes `message` its topic's; one without a payload takes the topic's away.
  /// - Returns: false where there is no room for it: the topic has none then, rather than an old one.
  mutating func apply(_ message: OwnedRecord) -> Bool {
    if let earlier = messages.removeValue(forKey: message.topic) { bytes -= Self.size(of: earlier) }
    guard !message.payload.isEmpty else { return true }
    guard messages.count < maxCount, bytes + Self.size(of: message) <= maxBytes else { return false }
    bytes += Self.size(of: message)
    messages[message.topic] = message
    return true
  }

  func forEachMatch(_ filter: TopicFilter, _ body: (OwnedRecord) -> Void) {
    if !filter.hasWildcard {
      if let message = messages[filter.bytes] { body(message) }
      return
    }
    for (topic, message) in messages where filter.matches(topic.span.bytes) { body(message) }
  }

  private static func size(of message: OwnedRecord) -> Int {
    message.topic.count + message.payload.count + message.headerBytes.count
  }
}

extension TopicFilter {
  fileprivate var hasWildcard: Bool {
    bytes.contains { $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "#") }
  }
}
