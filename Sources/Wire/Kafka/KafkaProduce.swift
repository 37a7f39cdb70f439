package import Bytes

/// Produce: one batch for one partition a request; acknowledged by every replica that is in sync.
package struct KafkaProduce: Hashable, Sendable {
  /// What became of the batch.
  package struct Outcome: Hashable, Sendable {
    package let topic: String
    package let partition: Int32
    package let error: KafkaError
    /// Of the first record; −1 where the broker does not say.
    package let baseOffset: Int64
    /// In the broker's words.
    package let message: String?
    /// The records that are at fault, by their place in the batch, where the broker tells (from version 8).
    package let badRecords: [BadRecord]
    /// Who leads the partition now, where the broker tells (from version 10).
    package let leader: Int32?
  }

  package struct BadRecord: Hashable, Sendable {
    package let index: Int32
    package let message: String?
  }

  package let outcomes: [Outcome]
  package let throttleMilliseconds: Int32

  /// - Parameters:
  ///   - batch: a record batch v2 with base offset 0.
  ///   - timeoutMilliseconds: how long the broker waits for the replicas.
  package static func append(
    _ request: KafkaRequest, topic: String, partition: Int32, batch: RawSpan, timeoutMilliseconds: Int32,
    to writer: inout ByteWriter
  ) {
    writer.reserve(batch.byteCount + topic.utf8.count + request.clientID.utf8.count + 64)
    request.append(to: &writer) { writer, isFlexible in
      writer.appendKafkaNull(flexible: isFlexible)
      writer.append(Int16(-1))
      writer.append(timeoutMilliseconds)
      writer.append(kafkaCount: 1, flexible: isFlexible)
      writer.append(kafka: topic, flexible: isFlexible)
      writer.append(kafkaCount: 1, flexible: isFlexible)
      writer.append(partition)
      writer.append(kafka: batch, flexible: isFlexible)
      // Of the partition, of the topic, of the request.
      for _ in 0..<3 { writer.appendKafkaTags(flexible: isFlexible) }
    }
  }

  package init(_ body: RawSpan, version: Int16) throws(KafkaMalformed) {
    var reader = KafkaReader(body, .produce, version)
    var outcomes: [Outcome] = []
    for _ in 0..<(try reader.count()) {
      let topic = try reader.text() ?? ""
      for _ in 0..<(try reader.count()) { outcomes.append(try Self.outcome(topic, &reader, version)) }
      try reader.tags()
    }
    self.outcomes = outcomes
    throttleMilliseconds = try reader.int32()
  }

  @_lifetime(reader: copy reader)
  private static func outcome(
    _ topic: String, _ reader: inout KafkaReader, _ version: Int16
  ) throws(KafkaMalformed) -> Outcome {
    let (partition, error, baseOffset) = (try reader.int32(), try reader.error(), try reader.int64())
    // When the log took it, and where the log begins.
    _ = (try reader.int64(), try reader.int64())
    var badRecords: [BadRecord] = []
    var message: String?
    if version >= 8 {
      for _ in 0..<(try reader.count()) {
        badRecords.append(BadRecord(index: try reader.int32(), message: try reader.text()))
        try reader.tags()
      }
      message = try reader.text()
    }
    var leader: Int32?
    try reader.tags { tag, reader throws(KafkaMalformed) in
      if tag == 0 { leader = try reader.int32() }
    }
    return Outcome(
      topic: topic, partition: partition, error: error, baseOffset: baseOffset, message: message,
      badRecords: badRecords,
      leader: leader)
  }
}
