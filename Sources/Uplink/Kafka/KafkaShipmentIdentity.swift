import Bytes
import Wire

/// What makes a Kafka cluster recognise a shipment that it has had before. Noted with the shipment before it is first sent:
///
/// version 2 · int64 producer id · int16 epoch · uint32 fingerprint of the rules · varint topics, for each: varint how many
/// partitions it had · varint batches, for each: varint topic · varint partition · varint sequence of its first record ·
/// varint records. Integers big-endian.
struct KafkaShipmentIdentity: Hashable, Sendable {
  /// The records of the shipment that go to one partition.
  struct Batch: Hashable, Sendable {
    var destination: KafkaDestination
    var sequence: KafkaSequence
    var recordCount: Int32

    /// Of the batch behind it, if the far side takes every record of this one.
    var end: KafkaSequence { sequence.advanced(by: recordCount) }
  }

  var producer: KafkaProducerID
  var fingerprint: UInt32
  /// How many partitions each topic had when the records were spread over them.
  var counts: [Int32]
  var batches: [Batch]

  private static let version: UInt8 = 2

  func batch(to destination: KafkaDestination) -> Batch? { batches.first { $0.destination == destination } }

  var note: [UInt8] {
    var writer = ByteWriter(capacity: 32 + 12 * batches.count)
    writer.append(Self.version)
    writer.append(producer.id)
    writer.append(producer.epoch)
    writer.append(fingerprint)
    writer.append(varUInt: UInt64(counts.count))
    for count in counts { writer.append(varUInt: UInt64(count)) }
    writer.append(varUInt: UInt64(batches.count))
    for batch in batches {
      writer.append(varUInt: UInt64(batch.destination.topic))
      writer.append(varUInt: UInt64(batch.destination.partition))
      writer.append(varUInt: UInt64(batch.sequence.rawValue))
      writer.append(varUInt: UInt64(batch.recordCount))
    }
    return writer.array
  }

  init(_ producer: KafkaProducerID, fingerprint: UInt32, counts: [Int32], batches: [Batch]) {
    self.producer = producer
    self.fingerprint = fingerprint
    self.counts = counts
    self.batches = batches
  }

  /// Nil: nothing was noted, or by another kind of target.
  init?(note: [UInt8]) {
    var reader = ByteReader(note.span.bytes)
    guard reader.uint8() == Self.version, let id = reader.int64(), let epoch = reader.int16(),
      let fingerprint = reader.uint32(), let topics = Self.number(&reader), topics > 0
    else { return nil }
    var counts: [Int32] = []
    for _ in 0..<topics {
      guard let count = Self.number(&reader), count > 0 else { return nil }
      counts.append(count)
    }
    guard let batchCount = Self.number(&reader) else { return nil }
    var batches: [Batch] = []
    for _ in 0..<batchCount {
      guard let topic = Self.number(&reader), topic < topics, let partition = Self.number(&reader),
        let sequence = Self.number(&reader), let records = Self.number(&reader)
      else { return nil }
      batches.append(
        Batch(
          destination: KafkaDestination(topic: Int(topic), partition: partition),
          sequence: KafkaSequence(rawValue: sequence), recordCount: records))
    }
    guard reader.isAtEnd else { return nil }
    self.init(
      KafkaProducerID(id: id, epoch: epoch), fingerprint: fingerprint, counts: counts, batches: batches)
  }

  @_lifetime(reader: copy reader)
  private static func number(_ reader: inout ByteReader) -> Int32? {
    reader.varUInt(maximumBytes: 5).flatMap { Int32(exactly: $0) }
  }
}
