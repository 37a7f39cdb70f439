import Bytes
import Platform
import Records
import Wire

/// The records of one shipment that go to one partition: one record batch for all of them, or where the far side wants it
/// smaller, its halves, and theirs.
///
/// Cut the same way every time, so that what is sent again after a crash is what was sent before. Kept and used again; one
/// owner, one thread.
final class KafkaPart {
  private(set) var destination = KafkaDestination(topic: 0, partition: 0)
  /// All of its records as they go out.
  private var whole = RecordBatchBuilder(capacity: 4 << 10)
  /// Their places in the shipment; where there are none, they are all that it has.
  private var places: [Int32] = []
  /// In their place, a batch as the log has it: its records need not be looked at.
  private var storedHeader: RecordBatchHeader?
  private var storedFrame = ByteWriter(capacity: 16)

  /// Runs of its records that are still to be stored, in order; the first is on its way.
  private var pending: [Range<Int>] = []
  /// Records that the far side does not take.
  private var refused: Set<Int> = []
  /// Those of the piece on its way, in order.
  private var current: [Int] = []
  /// The sequence of the piece on its way.
  private(set) var sequence = KafkaSequence.first
  /// How often the piece on its way has come back as damaged.
  var doubtfulAnswers = 0

  var recordCount: Int { storedHeader.map { Int($0.recordCount) } ?? whole.recordCount }

  /// Nothing is left to be stored.
  var isStored: Bool { pending.isEmpty }

  func begin(_ destination: KafkaDestination) {
    self.destination = destination
    whole.reset()
    places.removeAll(keepingCapacity: true)
    storedHeader = nil
    storedFrame.removeAll()
  }

  /// Adds a record.
  /// - Parameters:
  ///   - place: among the shipment's.
  ///   - headers: all of its headers, encoded.
  func add(_ record: borrowing Record, place: Int, headerCount: Int, headers: RawSpan) {
    whole.append(
      topic: record.topic, payload: record.payload, at: record.timestamp, headerCount: headerCount,
      headerBytes: headers)
    places.append(Int32(place))
  }

  /// Takes the batch that the log has in place of records. What they say of themselves stays with them: here it is a header like
  /// any other.
  func take(_ header: RecordBatchHeader, _ frame: RawSpan) {
    storedHeader = header
    storedHeader?.isIdentified = false
    storedFrame.append(frame)
  }

  /// Takes the records of a batch that the log has, each with `headers` more.
  /// - Returns: false where they are not as they should be.
  func take(_ header: RecordBatchHeader, records: RawSpan, adding headers: OffsetHeaders) -> Bool {
    whole.take(header, records: records, adding: headers)
  }

  private func place(of record: Int) -> Int { places.isEmpty ? record : Int(places[record]) }

  /// All records are there, and numbered from `sequence` on.
  func finish(_ sequence: KafkaSequence) {
    self.sequence = sequence
    refused = []
    doubtfulAnswers = 0
    pending = [0..<recordCount]
  }

  /// Appends the batch of the first piece to `batch`. Pieces of which every record is refused are passed over.
  /// - Returns: false where nothing is left.
  func encode(
    _ producer: KafkaProducerID, _ compressor: inout ZstdCompressor, _ piece: inout KafkaPiece,
    into batch: inout ByteWriter
  ) -> Bool {
    while let range = pending.first {
      current = range.filter { !refused.contains($0) }
      if !current.isEmpty { break }
      pending.removeFirst()
    }
    guard !pending.isEmpty else { return false }
    if current.count == recordCount, var header = storedHeader {
      header.baseOffset = 0
      number(&header, producer)
      Self.encode(header, storedFrame, into: &batch)
      return true
    }
    unpack()
    var header: RecordBatchHeader
    if current.count == recordCount {
      header = whole.currentHeader
      piece.compress(whole, &compressor)
    } else {
      header = piece.collect(whole, current)
      piece.compress(&compressor)
    }
    number(&header, producer)
    header.encode(records: piece.frame.bytes, into: &batch)
    return true
  }

  private static func encode(
    _ header: RecordBatchHeader, _ frame: borrowing ByteWriter, into batch: inout ByteWriter
  ) {
    header.encode(records: frame.bytes, into: &batch)
  }

  private func number(_ header: inout RecordBatchHeader, _ producer: KafkaProducerID) {
    header.attributes = UInt16(RecordBatchHeader.Codec.zstd.rawValue)
    header.producerID = producer.id
    header.producerEpoch = producer.epoch
    header.baseSequence = sequence.rawValue
  }

  /// Makes records of the log's batch, which must be taken apart. What cannot be unpacked has none.
  private func unpack() {
    guard let header = storedHeader else { return }
    storedHeader = nil
    var records = ByteWriter(capacity: 512 << 10)
    Self.unpack(storedFrame, into: &records)
    var iterator = RecordIterator(header, records: records.bytes)
    while let record = iterator.next() { whole.append(record) }
  }

  private static func unpack(_ frame: borrowing ByteWriter, into records: inout ByteWriter) {
    var decompressor = ZstdDecompressor()
    try? decompressor.decompress(frame.bytes, into: &records, limit: RecordBatchHeader.maximumBatchBytes)
  }

  /// The piece on its way is stored.
  func finishFirst() {
    sequence = sequence.advanced(by: Int32(current.count))
    pending.removeFirst()
    doubtfulAnswers = 0
  }

  /// The piece on its way is too much at once: its halves instead. A single record is refused.
  /// - Returns: the place in the shipment of the record that is refused.
  func splitFirst() -> Int? {
    unpack()
    guard current.count > 1 else {
      pending.removeFirst()
      guard let record = current.first else { return nil }
      refused.insert(record)
      return place(of: record)
    }
    let middle = current[current.count / 2]
    pending.replaceSubrange(0..<1, with: [current[0]..<middle, middle..<(current.last! + 1)])
    return nil
  }

  /// Leaves out records of the piece on its way, which the far side refuses by their places in it.
  /// - Returns: their places in the shipment.
  func refuse(_ indexes: [Int]) -> [Int] {
    unpack()
    let records = indexes.filter { current.indices.contains($0) }.map { current[$0] }
    refused.formUnion(records)
    return records.map { place(of: $0) }
  }
}
