import Bytes
package import Records
package import Storage

/// The records of a shipment: those of its range that the uplink's filters let through, at their own offsets.
/// Made of the log, so the same range gives the same contents. Kept and used again. One owner, one thread.
package struct ShipmentContents: ~Copyable, Sendable {
  private var builder = RecordBatchBuilder(capacity: 64 << 10)
  package private(set) var shipment: Shipment?

  package init() {}

  package var recordCount: Int { builder.recordCount }

  /// Bytes of the records, uncompressed.
  package var byteCount: Int { builder.byteCount - RecordBatchHeader.byteCount }

  /// The batch's header with the range's base offset; its record count and codec are for uncompressed records.
  package var header: RecordBatchHeader {
    var header = builder.currentHeader
    header.baseOffset = shipment?.first ?? 0
    return header
  }

  /// The records, uncompressed, as `RecordIterator` reads them.
  package var recordBytes: RawSpan {
    @_lifetime(borrow self)
    get { builder.recordBytes }
  }

  /// How much one shipment takes at the most.
  package struct Limits: Hashable, Sendable {
    package var records: Int
    package var bytes: Int

    package init(records: Int, bytes: Int) {
      self.records = records
      self.bytes = bytes
    }
  }

  /// Fills the shipment from `reader`, which stands at its first offset: to `limits`, or to the durable end.
  /// - Returns: the offset behind what was read. Where no record passed the filters, there is no shipment.
  package mutating func cut(
    from reader: inout LogReader, filters: [TopicFilter], limits: Limits
  ) throws(StorageError) -> Offset {
    let first = reader.position
    clear()
    // Also bounds how far one look goes through records that are not wanted.
    var examined = 0
    while builder.recordCount < limits.records, byteCount < limits.bytes, examined < 50_000,
      let record = try reader.next()
    {
      examined += 1
      add(record, first: first, filters)
    }
    if builder.recordCount > 0 { shipment = Shipment(first: first, end: reader.position) }
    return reader.position
  }

  /// Makes `shipment` again, as it was cut before.
  package mutating func refill(
    _ shipment: Shipment, from reader: inout LogReader, filters: [TopicFilter]
  ) throws(StorageError) {
    reader.seek(to: shipment.first)
    clear()
    while reader.position < shipment.end, let record = try reader.next(), record.offset < shipment.end {
      add(record, first: shipment.first, filters)
    }
    reader.seek(to: shipment.end)
    self.shipment = shipment
  }

  /// Forgets the shipment and keeps the memory.
  package mutating func clear() {
    builder.reset()
    shipment = nil
  }

  private mutating func add(_ record: borrowing Record, first: Offset, _ filters: [TopicFilter]) {
    guard filters.contains(where: { $0.matches(record.topic) }) else { return }
    builder.append(record, offsetDelta: Int(record.offset - first))
  }
}
