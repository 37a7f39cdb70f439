package import Bytes
import Records

/// A record batch as Produce takes it.
package enum KafkaBatch {
  /// Appends `batch`, a whole one as the log has it, with what makes it a producer's: its records and their compression stay
  /// as they are.
  package static func append(
    _ batch: RawSpan, _ producer: KafkaProducerID, _ sequence: KafkaSequence, to writer: inout ByteWriter
  ) {
    precondition(batch.byteCount >= RecordBatchHeader.byteCount)
    let start = writer.count
    writer.append(batch)
    // What a broker sets itself: neither is covered by the checksum.
    writer.patch(Int64(0), at: start)
    writer.patch(Int32(-1), at: start + 12)
    writer.patch(producer.id, at: start + 43)
    writer.patch(producer.epoch, at: start + 51)
    writer.patch(sequence.rawValue, at: start + 53)
    let checksum = CRC32C.checksum(
      of: writer.bytes.extracting((start + RecordBatchHeader.checksumStart)..<writer.count))
    writer.patch(checksum, at: start + 17)
  }

  /// Why brokers would refuse the batch; nil: it is as they want it.
  package static func problem(with batch: RawSpan) -> String? {
    guard case .header(let header) = RecordBatchHeader.parse(batch) else { return "it is no record batch of version 2" }
    guard header.batchBytes == batch.byteCount else { return "its length is not that of one batch" }
    guard RecordBatchHeader.isIntact(batch) else { return "its checksum is wrong" }
    guard header.baseOffset == 0 else { return "its base offset is not 0" }
    guard header.recordCount > 0, header.lastOffsetDelta == header.recordCount - 1 else {
      return "its records are not numbered without gaps"
    }
    guard header.codec != nil, header.attributes & ~7 == 0 else { return "its attributes are not a producer's" }
    guard header.producerID < 0 || (header.baseSequence >= 0 && header.producerEpoch >= 0) else {
      return "its producer has no epoch or no sequence"
    }
    return nil
  }
}
