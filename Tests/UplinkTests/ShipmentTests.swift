import Bytes
import Platform
import Records
import Storage
import Support
import Testing
import Uplink

struct ShipmentTests {
  @Test func `a note has its golden bytes`() {
    let note = ShipmentNote([
      .init(Shipment(first: 258, end: 772), identity: [7, 8]), .init(Shipment(first: 772, end: 773)),
    ])
    let golden = hex("02 02 0000000000000102 0000000000000304 02 0708 0000000000000304 0000000000000305 00")
    #expect(note.bytes == golden)
    #expect(ShipmentNote(bytes: golden) == note)
    #expect(ShipmentNote([]).bytes == [])
  }

  @Test(
    arguments: [
      ("empty: nothing was on its way", ""), ("another version", "01 01 0000000000000102 0000000000000304 00"),
      ("cut short", "02 01 0000000000000102 00000000000003"),
      ("an identity cut short", "02 01 0000000000000102 0000000000000304 02 07"),
      ("fewer than it says", "02 02 0000000000000102 0000000000000304 00"),
      ("more than it says", "02 01 0000000000000102 0000000000000304 00 00"),
      ("an end before its start", "02 01 0000000000000302 0000000000000102 00"),
      ("not in order", "02 02 0000000000000102 0000000000000304 00 0000000000000303 0000000000000305 00"),
    ])
  func `a note that is none has no shipment`(name: String, note: String) {
    #expect(ShipmentNote(bytes: hex(note)).entries.isEmpty)
  }

  @Test func `the longest note fits beside a cursor`() {
    let identity = [UInt8](repeating: 9, count: ShipmentNote.maximumIdentityBytes)
    let entries = (0..<ShipmentNote.maximumEntries).map {
      ShipmentNote.Entry(Shipment(first: Int64($0), end: Int64($0) + 1), identity: identity)
    }
    #expect(ShipmentNote(entries).bytes.count <= Cursor.maximumNoteBytes)
    #expect(ShipmentNote(bytes: ShipmentNote(entries).bytes).entries == entries)
  }

  @Test func `a shipment made again of the log is the same, byte for byte`() throws {
    let log = try TestLog()
    try log.append(0..<500) { $0 % 3 == 0 ? "wanted/a" : "other" }
    let filters = [try TopicFilter("wanted/#")]
    let limits = ShipmentContents.Limits(records: 20, bytes: 1 << 20)
    var reader = log.log.makeReader(at: 0)
    var contents = ShipmentContents()
    var count = 0
    while true {
      _ = try contents.cut(from: &reader, filters: filters, limits: limits)
      guard let shipment = contents.shipment else { break }
      let bytes = contents.recordBytes.array
      let header = contents.header
      count += contents.recordCount
      #expect(contents.recordCount <= 20)
      #expect(header.baseOffset == shipment.first)

      var again = ShipmentContents()
      var otherReader = log.log.makeReader(at: 0)
      try again.refill(shipment, from: &otherReader, filters: filters)
      let sameBytes = again.recordBytes.array == bytes && again.header == header
      #expect(sameBytes)
      #expect(otherReader.position == shipment.end)
    }
    #expect(count == 167)
    #expect(reader.position == 500)
  }

  @Test func `records keep their offsets in a shipment with gaps`() throws {
    let log = try TestLog()
    try log.append(0..<10) { $0 % 4 == 1 ? "wanted" : "other" }
    var reader = log.log.makeReader(at: 0)
    var contents = ShipmentContents()
    _ = try contents.cut(
      from: &reader, filters: [try TopicFilter("wanted")], limits: ShipmentContents.Limits(records: 9, bytes: 9999))
    var iterator = RecordIterator(contents.header, records: contents.recordBytes)
    var offsets: [Offset] = []
    while let record = iterator.next() { offsets.append(record.offset) }
    #expect(offsets == [1, 5, 9])
  }
}
