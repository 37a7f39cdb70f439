import Bytes
import Records

/// What a record costs a producer's processor before any disk is asked: laying it out in a batch, and the batch's
/// checksum. Compared with merely copying topic and payload.
enum RecordEncoding {
  private static let batchBytes = 1 << 20

  static func measure(_ options: Options, _ table: inout Table) throws {
    let records = options.isQuick ? 2_000_000 : 10_000_000
    var encoding: [Double] = []
    var copying: [Double] = []
    for _ in 0..<(options.isQuick ? 3 : 7) {
      encoding.append(encode(records) / Double(records))
      copying.append(copy(records) / Double(records))
      try Interruption.check()
    }
    table.add(
      Row(
        name: "encode and checksum a record", measured: Samples(encoding).median.duration,
        reference: Samples(copying).median.duration, judged: Samples(zip(encoding, copying).map { $0 / $1 })))
  }

  /// - Returns: processor seconds.
  private static func encode(_ records: Int) -> Double {
    let topic = Producers.topic(1)
    let payload = Producers.makePayload(1)
    var builder = RecordBatchBuilder(capacity: batchBytes + 4096)
    let watch = Stopwatch()
    for number in 0..<records {
      builder.append(
        topic: topic.span.bytes, payload: payload.span.bytes, at: Timestamp(milliseconds: Int64(number / 1000)))
      if builder.byteCount >= batchBytes {
        builder.finish(baseOffset: Offset(number))
        builder.reset()
      }
    }
    return watch.processorSeconds
  }

  private static func copy(_ records: Int) -> Double {
    let topic = Producers.topic(1)
    let payload = Producers.makePayload(1)
    var writer = ByteWriter(capacity: batchBytes + 4096)
    let watch = Stopwatch()
    for _ in 0..<records {
      writer.append(topic.span.bytes)
      writer.append(payload.span.bytes)
      if writer.count >= batchBytes { writer.removeAll() }
    }
    return watch.processorSeconds
  }
}
