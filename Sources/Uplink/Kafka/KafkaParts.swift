import Bytes
import Platform
import Records
import Wire

/// A shipment spread over the partitions that its records go to. Kept and used again; one owner, one thread.
struct KafkaParts: ~Copyable {
  /// Of the shipment that was loaded last; those behind `count` are spare.
  private var parts: [KafkaPart] = []
  private var count = 0
  private var loaded: KafkaShipmentIdentity?
  private var indexes: [KafkaDestination: Int] = [:]
  private var compressor: ZstdCompressor
  private var piece = KafkaPiece()
  private var headers = ByteWriter(capacity: 256)
  private var batch = ByteWriter(capacity: 64 << 10)
  private var unpacked = ByteWriter(capacity: 16)
  private var decompressor = ZstdDecompressor()
  /// What records say of themselves; nil: nothing.
  private let identity: OffsetHeaders?

  /// - Parameter identity: nil: records do not say who they are.
  init(_ identity: RecordIdentity?, _ effort: ZstdCompressor.Effort) {
    compressor = ZstdCompressor(effort)
    self.identity = identity.map { .identity(gateway: $0.gateway, epoch: "\($0.epoch)") }
  }

  private static func marks(_ lane: Lane) -> RecordHeaders {
    var marks = RecordHeaders()
    if lane == .backlog { marks.add("forebay-lane", "backlog") }
    return marks
  }

  func part(for destination: KafkaDestination) -> KafkaPart? { indexes[destination].map { parts[$0] } }

  /// How many records of a shipment go to each partition, those that get none left out; in a fixed order.
  static func spread(
    _ contents: borrowing ShipmentContents, _ routing: KafkaRouting, counts: [Int32]
  ) -> [(destination: KafkaDestination, count: Int32)] {
    if routing.isSingle {
      return [(routing.destinations(counts: counts)[0], Int32(contents.recordCount))]
    }
    var found: [KafkaDestination: Int32] = [:]
    var iterator = RecordIterator(contents.header, records: contents.recordBytes)
    while let record = iterator.next() {
      found[routing.destination(of: record.topic, counts: counts), default: 0] += 1
    }
    return found.map { (destination: $0.key, count: $0.value) }.sorted {
      ($0.destination.topic, $0.destination.partition) < ($1.destination.topic, $1.destination.partition)
    }
  }

  /// Spreads a shipment as it was numbered. Where it is the one that was loaded last, it goes on where that one was: of one that
  /// went in pieces some may be stored.
  /// - Returns: false where that does not fit its records.
  mutating func load(
    _ contents: borrowing ShipmentContents, _ routing: KafkaRouting, _ identity: KafkaShipmentIdentity
  ) -> Bool {
    guard loaded != identity || parts[..<count].allSatisfy(\.isStored) else { return true }
    count = 0
    loaded = nil
    indexes.removeAll(keepingCapacity: true)
    for batch in identity.batches { begin(batch.destination) }
    guard count > 0 else { return false }
    if let header = contents.storedHeader {
      guard count == 1, takeStored(header, contents) else { return false }
    } else if count == 1 {
      Self.fill(contents, self.identity, &headers) { _ in parts[0] }
    } else {
      var isWhole = true
      Self.fill(contents, self.identity, &headers) { topic in
        if let index = indexes[routing.destination(of: topic, counts: identity.counts)] { return parts[index] }
        isWhole = false
        return nil
      }
      guard isWhole else { return false }
    }
    for (index, batch) in identity.batches.enumerated() {
      guard parts[index].recordCount == Int(batch.recordCount) else { return false }
      parts[index].finish(batch.sequence)
    }
    loaded = identity
    return true
  }

  private mutating func begin(_ destination: KafkaDestination) {
    if count == parts.count { parts.append(KafkaPart()) }
    parts[count].begin(destination)
    indexes[destination] = count
    count += 1
  }

  /// Takes a batch that the log has: as it is, where its records say who they are, or need not.
  private mutating func takeStored(_ header: RecordBatchHeader, _ contents: borrowing ShipmentContents) -> Bool {
    guard let identity, !header.isIdentified else {
      parts[0].take(header, contents.storedFrame)
      return true
    }
    unpacked.removeAll()
    do throws(ZstdError) {
      try decompressor.decompress(
        contents.storedFrame, into: &unpacked, limit: RecordBatchHeader.maximumBatchBytes)
    } catch {
      return false
    }
    return Self.take(header, unpacked, identity, into: parts[0])
  }

  private static func take(
    _ header: RecordBatchHeader, _ records: borrowing ByteWriter, _ headers: OffsetHeaders, into part: KafkaPart
  ) -> Bool {
    part.take(header, records: records.bytes, adding: headers)
  }

  /// Adds each record to the part that `choose` names for its topic, with its identity.
  private static func fill(
    _ contents: borrowing ShipmentContents, _ identity: OffsetHeaders?, _ headers: inout ByteWriter,
    _ choose: (RawSpan) -> KafkaPart?
  ) {
    let marks = marks(contents.lane)
    var iterator = RecordIterator(contents.header, records: contents.recordBytes)
    var place = 0
    while let record = iterator.next() {
      defer { place += 1 }
      guard let part = choose(record.topic) else { continue }
      headers.removeAll()
      headers.append(record.headerBytes)
      var count = record.headerCount + marks.count
      if let identity {
        identity.append(to: &headers, offset: record.offset)
        count += identity.count
      }
      headers.append(marks.bytes)
      part.add(record, place: place, headerCount: count, headers: headers.bytes)
    }
  }

  /// Makes the batch of the first piece of a part, and hands it to `body`.
  /// - Returns: false where nothing of the part is left.
  mutating func encode(
    _ part: KafkaPart, _ producer: KafkaProducerID, _ body: (RawSpan) throws(TargetFailure) -> Void
  ) throws(TargetFailure) -> Bool {
    batch.removeAll()
    guard part.encode(producer, &compressor, &piece, into: &batch) else { return false }
    try body(batch.bytes)
    return true
  }
}
