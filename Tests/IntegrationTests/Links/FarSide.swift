import Support

/// One of the targets that an uplink may have, as a suite's cases see it: how it is configured, and what came there.
enum FarSide: String, CaseIterable {
  case messages
  case batches
  case kafka
  case rabbitMQ

  /// Whether the far side recognises what comes again.
  var takesOnce: Bool { self == .kafka || self == .rabbitMQ }

  /// The target's section of an uplink.
  /// - Parameters:
  ///   - port: of the line to it.
  ///   - mqtt: more members of a section `mqtt`.
  ///   - topic: what the case has for itself: a topic, a stream, or what messages' topics begin with.
  func configuration(port: Int, topic: String, mqtt: String) -> String {
    switch self {
    case .messages: #"mqtt: { host: "127.0.0.1", port: \#(port), topicPrefix: "\#(topic)/", \#(mqtt) }"#
    case .batches: #"mqtt: { host: "127.0.0.1", port: \#(port), format: "batches", batchTopic: "\#(topic)", \#(mqtt) }"#
    case .kafka: #"kafka: { brokers: ["127.0.0.1:\#(port)"], topic: "\#(topic)" }"#
    case .rabbitMQ:
      #"rabbitmq: { hosts: ["127.0.0.1:\#(port)"], stream: "\#(topic)", create: {}, followLeader: false }"#
    }
  }
}

/// A record at the far side.
struct Arrival: Hashable {
  /// Forebay's.
  let offset: Int
  let payload: String

  init?(offset: Substring?, payload: Substring?) {
    guard let offset = offset.flatMap({ Int($0) }), let payload else { return nil }
    self.offset = offset
    self.payload = String(payload)
  }
}
