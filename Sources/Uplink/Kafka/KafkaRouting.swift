import Bytes
import Records
import Wire

/// Which topic a record goes to, and which partition. A pure value.
struct KafkaRouting: Hashable, Sendable {
  /// All that records may go to, each once; the first is that of records that no rule names.
  let topics: [String]
  /// A number for everything here: who noted a shipment's partitions under another one had other rules.
  let fingerprint: UInt32

  private let rules: [(filters: [TopicFilter], topic: Int)]
  private let isByKey: Bool
  private let gateway: [UInt8]

  init(_ configuration: KafkaTargetConfiguration, gateway: String) {
    var topics = [configuration.topic]
    var rules: [(filters: [TopicFilter], topic: Int)] = []
    for rule in configuration.rules {
      if !topics.contains(rule.topic) { topics.append(rule.topic) }
      rules.append((rule.filters, topics.firstIndex(of: rule.topic)!))
    }
    self.topics = topics
    self.rules = rules
    self.gateway = Array(gateway.utf8)
    isByKey = configuration.partitioning == .key
    isSingle = configuration.isSingle
    fingerprint = Self.fingerprint(configuration)
  }

  /// Whether every record goes to the same partition.
  let isSingle: Bool

  /// - Parameter counts: how many partitions each topic has.
  func destination(of topic: RawSpan, counts: [Int32]) -> KafkaDestination {
    let index = rules.isEmpty ? 0 : rules.first { rule in rule.filters.contains { $0.matches(topic) } }?.topic ?? 0
    let count = counts[index]
    let partition =
      isByKey
      ? KafkaPartitioner.partition(of: topic, count: count)
      : KafkaPartitioner.partition(of: gateway.span.bytes, count: count)
    return KafkaDestination(topic: index, partition: partition)
  }

  /// Every partition that records may go to.
  func destinations(counts: [Int32]) -> [KafkaDestination] {
    topics.indices.flatMap { topic in
      isByKey
        ? (0..<counts[topic]).map { KafkaDestination(topic: topic, partition: $0) }
        : [
          KafkaDestination(
            topic: topic, partition: KafkaPartitioner.partition(of: gateway.span.bytes, count: counts[topic]))
        ]
    }
  }

  private static func fingerprint(_ configuration: KafkaTargetConfiguration) -> UInt32 {
    var writer = ByteWriter()
    writer.append(configuration.partitioning.rawValue)
    writer.append(UInt8(0))
    writer.append(configuration.topic)
    for rule in configuration.rules {
      for filter in rule.filters {
        writer.append(UInt8(0))
        writer.append(filter.bytes)
      }
      writer.append(UInt16(0))
      writer.append(rule.topic)
    }
    return CRC32C.checksum(of: writer.bytes)
  }

  static func == (one: Self, other: Self) -> Bool {
    one.fingerprint == other.fingerprint && one.topics == other.topics && one.gateway == other.gateway
  }

  func hash(into hasher: inout Hasher) { hasher.combine(fingerprint) }
}
