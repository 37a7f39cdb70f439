import Bytes
import Wire

/// What makes a Kafka cluster recognise a shipment that it has had before. Noted with the shipment before it is first sent:
/// version 1 · int64 producer id · int16 epoch · int32 partition · int32 sequence of the first record ·
/// int32 records; big-endian.
struct KafkaShipmentIdentity: Hashable, Sendable {
  var producer: KafkaProducerID
  var partition: Int32
  var sequence: KafkaSequence
  var recordCount: Int32

  private static let version: UInt8 = 1

  init(_ producer: KafkaProducerID, partition: Int32, _ sequence: KafkaSequence, recordCount: Int32) {
    self.producer = producer
    self.partition = partition
    self.sequence = sequence
    self.recordCount = recordCount
  }

  /// Of the shipment behind it, if the far side takes every record of this one.
  var end: KafkaSequence { sequence.advanced(by: recordCount) }

  var note: [UInt8] {
    var writer = ByteWriter(capacity: 24)
    writer.append(Self.version)
    writer.append(producer.id)
    writer.append(producer.epoch)
    writer.append(partition)
    writer.append(sequence.rawValue)
    writer.append(recordCount)
    return writer.array
  }

  /// Nil: nothing was noted, or by another kind of target.
  init?(note: [UInt8]) {
    var reader = ByteReader(note.span.bytes)
    guard reader.uint8() == Self.version, let id = reader.int64(), let epoch = reader.int16(),
      let partition = reader.int32(), let sequence = reader.int32(), let count = reader.int32(), reader.isAtEnd,
      partition >= 0, sequence >= 0, count >= 0
    else { return nil }
    self.init(
      KafkaProducerID(id: id, epoch: epoch), partition: partition, KafkaSequence(rawValue: sequence),
      recordCount: count)
  }
}
