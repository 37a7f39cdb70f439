import Bytes
import Records

/// What brokers want of a record batch in Produce: for tests, and for whoever wonders why one was refused.
package enum KafkaBatch {
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
