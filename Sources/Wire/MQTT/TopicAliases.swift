import Bytes

/// The numbers that one side of a connection of version 5 has given to topics (section 3.3.2.3.4).
struct TopicAliases {
  /// By alias, from 1 on. Empty: stands for nothing yet.
  private var topics: [[UInt8]] = []
  let maximum: Int

  init(maximum: UInt16) {
    self.maximum = Int(maximum)
  }

  /// From the client: `topic` has that number from now on.
  mutating func set(_ alias: UInt16, _ topic: RawSpan) throws(MQTTViolation) {
    guard alias > 0, alias <= maximum else { throw .badTopicAlias }
    while topics.count < alias { topics.append([]) }
    topics[Int(alias) - 1] = topic.array
  }

  /// From the client: what the number stands for. The bytes stay until the number is set again.
  func topic(_ alias: UInt16) throws(MQTTViolation) -> [UInt8] {
    guard alias > 0, alias <= topics.count, !topics[Int(alias) - 1].isEmpty else { throw .badTopicAlias }
    return topics[Int(alias) - 1]
  }

  /// To the client: the topic's number, and whether the client knows it already. The first topics get one, the others 0.
  mutating func number(of topic: RawSpan) -> (alias: UInt16, isKnown: Bool) {
    if let index = topics.firstIndex(where: { topic.elementsEqual($0.span.bytes) }) { return (UInt16(index + 1), true) }
    guard topics.count < maximum else { return (0, false) }
    topics.append(topic.array)
    return (UInt16(topics.count), false)
  }

  /// To the client: the last number that was given was not sent.
  mutating func takeBack() { topics.removeLast() }
}
