import Bytes
import Platform
import Records
import Wire

/// The record batches of one shipment: one for all of it, or where the far side wants it smaller, its halves, and theirs.
///
/// Cut the same way every time, so that what is sent again after a crash is what was sent before. Kept and used again.
struct KafkaPieces: ~Copyable {
  private var header = RecordBatchHeader()
  private var records = ByteWriter(capacity: 64 << 10)
  private var builder = RecordBatchBuilder(capacity: 64 << 10)
  private var headers = ByteWriter(capacity: 256)
  private var frame = ByteWriter(capacity: 64 << 10)
  private var compressor = ZstdCompressor(level: 3)
  /// Places in the shipment that are still to be stored, in order; the first is on its way.
  private var pending: [Range<Int>] = []
  /// Records the far side does not take, by their places.
  private var refused: Set<Int> = []
  /// The batch on its way.
  private(set) var batch = ByteWriter(capacity: 64 << 10)
  /// Places of the records in it, in order.
  private(set) var places: [Int] = []

  private let gateway: String
  private let epoch: String

  init(_ identity: RecordIdentity) {
    gateway = identity.gateway
    epoch = "\(identity.epoch)"
  }

  /// Nothing is left to be stored.
  var isAtEnd: Bool { pending.isEmpty }

  mutating func load(_ contents: borrowing ShipmentContents) {
    header = contents.header
    records.removeAll()
    records.append(contents.recordBytes)
    refused = []
    pending = [0..<contents.recordCount]
  }

  /// Makes `batch` of the first piece. Pieces of which every record is refused are passed over.
  /// - Returns: how many records it has; 0: nothing is left.
  mutating func encode(_ producer: KafkaProducerID, _ sequence: KafkaSequence) -> Int {
    while let range = pending.first {
      collect(range)
      if builder.recordCount > 0 { break }
      pending.removeFirst()
    }
    batch.removeAll()
    guard !pending.isEmpty else { return 0 }
    var header = builder.currentHeader
    header.attributes = UInt16(RecordBatchHeader.Codec.zstd.rawValue)
    header.producerID = producer.id
    header.producerEpoch = producer.epoch
    header.baseSequence = sequence.rawValue
    Self.compress(builder, header, &compressor, &frame, into: &batch)
    return builder.recordCount
  }

  private static func compress(
    _ builder: borrowing RecordBatchBuilder, _ header: RecordBatchHeader, _ compressor: inout ZstdCompressor,
    _ frame: inout ByteWriter, into batch: inout ByteWriter
  ) {
    frame.removeAll()
    compressor.compress(builder.recordBytes, into: &frame)
    header.encode(records: frame.bytes, into: &batch)
  }

  /// The piece on its way is stored.
  mutating func finishFirst() { pending.removeFirst() }

  /// The piece on its way is too much at once: its halves instead. A single record is refused.
  /// - Returns: the place of the record that is refused.
  mutating func splitFirst() -> Int? {
    guard places.count > 1, let first = places.first, let last = places.last else {
      pending.removeFirst()
      guard let place = places.first else { return nil }
      refused.insert(place)
      return place
    }
    let middle = places[places.count / 2]
    pending.replaceSubrange(0..<1, with: [first..<middle, middle..<(last + 1)])
    return nil
  }

  /// Leaves out the records that the far side refuses by name.
  mutating func refuse(_ places: [Int]) { refused.formUnion(places) }

  private mutating func collect(_ range: Range<Int>) {
    builder.reset()
    places.removeAll(keepingCapacity: true)
    Self.collect(range, header, records, without: refused, (gateway, epoch), &builder, &headers, &places)
  }

  private static func collect(
    _ range: Range<Int>, _ header: RecordBatchHeader, _ records: borrowing ByteWriter, without refused: Set<Int>,
    _ identity: (gateway: String, epoch: String), _ builder: inout RecordBatchBuilder, _ headers: inout ByteWriter,
    _ places: inout [Int]
  ) {
    var iterator = RecordIterator(header, records: records.bytes)
    var place = 0
    while place < range.upperBound, let record = iterator.next() {
      defer { place += 1 }
      guard place >= range.lowerBound, !refused.contains(place) else { continue }
      add(record, identity, to: &builder, &headers)
      places.append(place)
    }
  }

  /// The device's topic is the key; who sees a record twice knows it by gateway, epoch and offset.
  private static func add(
    _ record: borrowing Record, _ identity: (gateway: String, epoch: String), to builder: inout RecordBatchBuilder,
    _ headers: inout ByteWriter
  ) {
    headers.removeAll()
    headers.append(record.headerBytes)
    headers.append(header: "forebay-gateway", identity.gateway)
    headers.append(header: "forebay-epoch", identity.epoch)
    headers.append(header: "forebay-offset", "\(record.offset)")
    builder.append(
      topic: record.topic, payload: record.payload, at: record.timestamp, headerCount: record.headerCount + 3,
      headerBytes: headers.bytes)
  }
}
