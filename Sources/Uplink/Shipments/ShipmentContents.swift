import Bytes
import Platform
package import Records
package import Storage

/// The records of a shipment: those of its range that the uplink's filters let through, at their own offsets.
/// Made of the log, so the same range gives the same contents. Kept and used again. One owner, one thread.
///
/// Where the log has exactly these records as one compressed batch, and the target can pass it on as it is, the contents are
/// that batch, and nothing is unpacked unless somebody asks for the records.
package struct ShipmentContents: ~Copyable, Sendable {
  private var builder = RecordBatchBuilder(capacity: 64 << 10)
  private var stored = StoredBatch()
  package private(set) var shipment: Shipment?
  package private(set) var lane = Lane.live

  /// A batch as it lies in the log.
  private struct StoredBatch: ~Copyable, Sendable {
    /// Nil: there is none.
    var header: RecordBatchHeader?
    var frame = ByteWriter(capacity: 16)
    /// The records, once somebody has asked for them.
    var records = ByteWriter(capacity: 16)
    var isUnpacked = false
  }

  package init() {}

  package var recordCount: Int { stored.header.map { Int($0.recordCount) } ?? builder.recordCount }

  /// Bytes of the records, uncompressed, with the identity that a stored batch may give them.
  package var byteCount: Int {
    guard stored.header != nil else { return builder.byteCount - RecordBatchHeader.byteCount }
    return ZstdDecompressor.statedSize(of: stored.frame.bytes) ?? stored.frame.count
  }

  /// The batch's header with the range's base offset; its record count and codec are for uncompressed records.
  package var header: RecordBatchHeader {
    var header = stored.header ?? builder.currentHeader
    header.setCodec(.none)
    header.baseOffset = shipment?.first ?? 0
    return header
  }

  /// The records, uncompressed, as `RecordIterator` reads them. Where they are packed, `unpack()` comes first.
  package var recordBytes: RawSpan {
    @_lifetime(borrow self)
    get {
      guard stored.header != nil else { return builder.recordBytes }
      precondition(stored.isUnpacked, "the records are packed")
      return stored.records.bytes
    }
  }

  /// The header of the stored batch that the contents are; nil: they are made of records.
  package var storedHeader: RecordBatchHeader? { stored.header }

  /// The stored batch's records, in one zstd frame or several.
  package var storedFrame: RawSpan {
    @_lifetime(borrow self)
    get { stored.frame.bytes }
  }

  /// Makes `recordBytes` ready.
  /// - Returns: false where the batch cannot be unpacked, although its checksum was right.
  package mutating func unpack() -> Bool {
    guard stored.header != nil, !stored.isUnpacked else { return true }
    var decompressor = ZstdDecompressor()
    stored.records.removeAll()
    do throws(ZstdError) {
      try Self.unpack(stored.frame, &decompressor, into: &stored.records)
    } catch {
      return false
    }
    stored.isUnpacked = true
    return true
  }

  private static func unpack(
    _ frame: borrowing ByteWriter, _ decompressor: inout ZstdDecompressor, into records: inout ByteWriter
  ) throws(ZstdError) {
    try decompressor.decompress(frame.bytes, into: &records, limit: RecordBatchHeader.maximumBatchBytes)
  }

  /// Forgets the shipment and keeps the memory.
  package mutating func clear() {
    builder.reset()
    stored.header = nil
    stored.frame.removeAll()
    stored.isUnpacked = false
    shipment = nil
  }
}

// Cutting.
extension ShipmentContents {
  /// How much one shipment takes at the most.
  package struct Limits: Hashable, Sendable {
    package var records: Int
    package var bytes: Int
    /// It ends at or below this offset.
    package var end: Offset
    /// Whether it may be a batch as it is stored.
    package var takesStored: Bool

    package init(records: Int, bytes: Int, end: Offset = .max, takesStored: Bool = false) {
      self.records = records
      self.bytes = bytes
      self.end = end
      self.takesStored = takesStored
    }
  }

  /// One cut goes through so many records that are not wanted, and no further.
  package static let maximumExamined = 50_000

  /// Fills the shipment from `reader`, which stands at its first offset: to `limits`, or to the durable end.
  /// - Returns: the offset behind what was read. Where no record passed the filters, there is no shipment.
  package mutating func cut(
    from reader: inout LogReader, filters: [TopicFilter], limits: Limits, lane: Lane = .live
  ) throws(StorageError) -> Offset {
    let first = reader.position
    clear()
    self.lane = lane
    if limits.takesStored, try takeStored(from: &reader, limits) { return reader.position }
    var examined = 0
    while builder.recordCount < limits.records, byteCount < limits.bytes, examined < Self.maximumExamined,
      reader.position < limits.end, let record = try reader.next(), record.offset < limits.end
    {
      examined += 1
      add(record, first: first, filters)
    }
    // Records may be missing around the end.
    if reader.position > limits.end { reader.seek(to: limits.end) }
    if builder.recordCount > 0 { shipment = Shipment(first: first, end: reader.position) }
    return reader.position
  }

  private mutating func takeStored(from reader: inout LogReader, _ limits: Limits) throws(StorageError) -> Bool {
    stored.header = try reader.takeStoredBatch(into: &stored.frame, limit: (limits.records, limits.end))
    guard let header = stored.header else { return false }
    // What is made of records is compressed to half, or to less.
    guard stored.frame.count <= limits.bytes / 2 else {
      reader.seek(to: header.baseOffset)
      stored.header = nil
      stored.frame.removeAll()
      return false
    }
    shipment = Shipment(first: header.baseOffset, end: header.endOffset)
    return true
  }

  /// Makes `shipment` again, as it was cut before.
  package mutating func refill(
    _ shipment: Shipment, from reader: inout LogReader, filters: [TopicFilter], lane: Lane = .live
  ) throws(StorageError) {
    reader.seek(to: shipment.first)
    clear()
    self.lane = lane
    while reader.position < shipment.end, let record = try reader.next(), record.offset < shipment.end {
      add(record, first: shipment.first, filters)
    }
    reader.seek(to: shipment.end)
    self.shipment = shipment
  }

  private mutating func add(_ record: borrowing Record, first: Offset, _ filters: [TopicFilter]) {
    guard filters.contains(where: { $0.matches(record.topic) }) else { return }
    builder.append(record, offsetDelta: Int(record.offset - first))
  }
}
