package import Wire

/// A central Kafka cluster (`uplinks[].kafka`).
package struct KafkaTargetConfiguration: Hashable, Sendable {
  /// `HOST:PORT` of brokers to begin with; the cluster tells where the others are.
  package var brokers: [String]
  /// All records go there, those of a gateway into one partition, chosen by the gateway's name.
  package var topic: String
  package var credentials: KafkaConnection.Credentials?
  /// Nil: `forebay-GATEWAY`.
  package var clientID: String?
  /// Whether the cluster may make the topic, where it is set to.
  package var createTopic = false

  package init(brokers: [String], topic: String) {
    self.brokers = brokers
    self.topic = topic
  }
}
