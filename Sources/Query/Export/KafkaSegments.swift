package import Platform
package import Records

/// Writes records as Kafka keeps a partition: a directory of segments, `00000000000000004711.log`, each a run of record
/// batches v2 and nothing else. Kafka's own tools read them (`kafka-dump-log.sh --print-data-log --files …`); a broker
/// makes the index files that are missing.
///
/// Offsets are those of the log. Where records in between are not wanted they are not dense, as after compaction:
/// a batch's `lastOffsetDelta` is then larger than its count. One owner, one thread.
package struct KafkaSegments: ~Copyable {
  /// What was written.
  package struct Totals: Hashable, Sendable {
    package var segments = 0
    package var batches = 0
    package var records = 0
    package var bytes = 0
  }

  package private(set) var totals = Totals()

  private let directory: String
  private let limits: Limits
  private var files: OutputFiles
  private var segmentBase: Offset = 0

  private var builder = RecordBatchBuilder()
  private var firstOffset: Offset = 0
  private var encoder: KafkaBatchEncoder

  package struct Limits: Hashable, Sendable {
    /// Of a segment's file: Kafka's default, and below what its 32-bit positions can say.
    package var segmentBytes = 1 << 30
    /// Of a batch before compression: below Kafka's default `max.message.bytes`. A larger record is a batch by itself.
    package var batchBytes = 1_000_000

    package init() {}
  }

  /// Offsets within a segment, and within a batch, are 32-bit numbers.
  private static let largestDelta: Offset = 2_000_000_000

  /// - Parameter directory: must be there.
  package init(
    in directory: String, codec: RecordBatchHeader.Codec, limits: Limits = Limits(), on disk: any Disk = LocalDisk()
  ) {
    self.directory = directory
    encoder = KafkaBatchEncoder(codec)
    self.limits = limits
    files = OutputFiles(on: disk)
  }

  /// Appends `record`, whose offset is above those before.
  package mutating func append(_ record: borrowing Record) throws(SystemError) {
    let bytes = record.topic.byteCount + record.payload.byteCount + record.headerBytes.byteCount + 32
    let isFull = builder.byteCount + bytes > limits.batchBytes || record.offset - firstOffset > Self.largestDelta
    if !builder.isEmpty, isFull { try writeBatch() }
    if builder.isEmpty { firstOffset = record.offset }
    builder.append(record, offsetDelta: Int(record.offset - firstOffset))
  }

  /// Writes what is left and makes the segments appear under their names.
  package mutating func finish() throws(SystemError) {
    if !builder.isEmpty { try writeBatch() }
    try files.finish()
  }

  private mutating func writeBatch() throws(SystemError) {
    encoder.encode(builder, baseOffset: firstOffset)
    let end = firstOffset + Offset(builder.currentHeader.lastOffsetDelta)
    let isFull = files.byteCount + encoder.byteCount > limits.segmentBytes || end - segmentBase > Self.largestDelta
    if totals.segments == 0 || isFull {
      try files.begin(directory + "/" + Self.fileName(base: firstOffset))
      segmentBase = firstOffset
      totals.segments += 1
    }
    try encoder.write(to: &files)
    totals.batches += 1
    totals.records += builder.recordCount
    totals.bytes += encoder.byteCount
    builder.reset()
  }

  private static func fileName(base: Offset) -> String {
    let digits = String(base)
    return String(repeating: "0", count: 20 - digits.count) + digits + ".log"
  }

  /// Whether `name` is that of a file Kafka keeps for a segment.
  package static func isSegmentFile(_ name: String) -> Bool {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 2 && parts[0].utf8.count == 20 && parts[0].allSatisfy { $0.isASCII && $0.isNumber }
      && ["log", "index", "timeindex", "txnindex"].contains(parts[1])
  }
}
