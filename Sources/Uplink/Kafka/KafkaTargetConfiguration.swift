package import Records
package import Wire

/// A central Kafka cluster (`uplinks[].kafka`).
package struct KafkaTargetConfiguration: Hashable, Sendable {
  /// Records that go to a topic of their own: those whose device topic one of `filters` matches.
  package struct Rule: Hashable, Sendable {
    package var filters: [TopicFilter]
    package var topic: String

    package init(filters: [TopicFilter], topic: String) {
      self.filters = filters
      self.topic = topic
    }
  }

  package enum Partitioning: String, Hashable, Sendable, CaseIterable {
    /// All of a gateway's records go to one partition, by the gateway's name: they stay in order.
    case gateway
    /// By the device's topic, as Kafka's Java client has it: each device's records stay in order.
    case key
  }

  package enum Identity: String, Hashable, Sendable, CaseIterable {
    /// Each record says which gateway's, which log's and which offset's it is.
    case headers
    /// It need not.
    case none
  }

  /// `HOST:PORT` of brokers to begin with; the cluster tells where the others are.
  package var brokers: [String]
  /// Where records go that no rule names.
  package var topic: String
  /// The first that matches a record counts.
  package var rules: [Rule] = []
  package var partitioning = Partitioning.gateway
  package var identity = Identity.headers
  package var credentials: KafkaConnection.Credentials?
  /// Nil: `forebay-GATEWAY`.
  package var clientID: String?
  /// Whether the cluster may make the topics, where it is set to.
  package var createTopic = false

  package init(brokers: [String], topic: String) {
    self.brokers = brokers
    self.topic = topic
  }

  /// Whether every record goes to the same partition.
  var isSingle: Bool { partitioning == .gateway && rules.allSatisfy { $0.topic == topic } }

  /// Whether a sealed batch could go as it is, if its records only said who they are.
  package var wantsIdentifiedBatches: Bool { identity == .headers && isSingle }
}
