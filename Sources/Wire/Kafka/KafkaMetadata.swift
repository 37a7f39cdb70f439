package import Bytes

/// Metadata: where the brokers are, and which of them leads each partition of a topic.
package struct KafkaMetadata: Hashable, Sendable {
  package struct Broker: Hashable, Sendable {
    package let id: Int32
    /// As the broker advertises itself, which a client must be able to reach.
    package let host: String
    package let port: Int32
  }

  package struct Partition: Hashable, Sendable {
    package let index: Int32
    package let error: KafkaError
    /// −1: none, at the moment.
    package let leader: Int32
    package let leaderEpoch: Int32
  }

  package struct Topic: Hashable, Sendable {
    package let name: String
    package let error: KafkaError
    /// By index.
    package let partitions: [Partition]
  }

  package private(set) var brokers: [Broker] = []
  package private(set) var topics: [Topic] = []
  /// How long the broker asks to be left alone.
  package private(set) var throttleMilliseconds: Int32 = 0

  package func broker(_ id: Int32) -> Broker? { brokers.first { $0.id == id } }

  /// - Parameter mayCreate: whether the broker may make topics that are not there, where it is set to.
  package static func append(
    _ request: KafkaRequest, topics: [String], mayCreate: Bool, to writer: inout ByteWriter
  ) {
    request.append(to: &writer) { writer, isFlexible in
      writer.append(kafkaCount: topics.count, flexible: isFlexible)
      for topic in topics {
        writer.append(kafka: topic, flexible: isFlexible)
        writer.appendKafkaTags(flexible: isFlexible)
      }
      writer.append(kafka: mayCreate)
      if request.version >= 8 {
        // What this client may do with the cluster and with the topics.
        writer.append(kafka: false)
        writer.append(kafka: false)
      }
      writer.appendKafkaTags(flexible: isFlexible)
    }
  }

  package init(_ body: RawSpan, version: Int16) throws(KafkaMalformed) {
    var reader = KafkaReader(body, .metadata, version)
    throttleMilliseconds = try reader.int32()
    for _ in 0..<(try reader.count()) {
      let (id, host, port) = (try reader.int32(), try reader.text(), try reader.int32())
      _ = try reader.text()
      try reader.tags()
      brokers.append(Broker(id: id, host: host ?? "", port: port))
    }
    _ = try reader.text()
    _ = try reader.int32()
    for _ in 0..<(try reader.count()) { topics.append(try Self.topic(&reader, version)) }
    // Permissions and tags follow, and from some brokers a byte more: nothing of interest.
  }

  @_lifetime(reader: copy reader)
  private static func topic(_ reader: inout KafkaReader, _ version: Int16) throws(KafkaMalformed) -> Topic {
    let (error, name) = (try reader.error(), try reader.text())
    _ = try reader.bool()
    var partitions: [Partition] = []
    for _ in 0..<(try reader.count()) { partitions.append(try partition(&reader)) }
    if version >= 8 { _ = try reader.int32() }
    try reader.tags()
    return Topic(name: name ?? "", error: error, partitions: partitions.sorted { $0.index < $1.index })
  }

  @_lifetime(reader: copy reader)
  private static func partition(_ reader: inout KafkaReader) throws(KafkaMalformed) -> Partition {
    let (error, index) = (try reader.error(), try reader.int32())
    let (leader, epoch) = (try reader.int32(), try reader.int32())
    // Replicas, those in sync, those that are offline.
    for _ in 0..<3 {
      for _ in 0..<(try reader.count()) { _ = try reader.int32() }
    }
    try reader.tags()
    return Partition(index: index, error: error, leader: leader, leaderEpoch: epoch)
  }
}
