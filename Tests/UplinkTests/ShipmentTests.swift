import Bytes
import Platform
import Records
import Storage
import Support
import Testing
import Uplink

struct ShipmentTests {
  @Test func `a note has its golden bytes`() {
    let note = ShipmentNote(
      Lanes(live: 1284, backlog: [16..<32]),
      [
        .init(Shipment(first: 258, end: 772), recordCount: 513, identity: [7, 8]),
        .init(Shipment(first: 10, end: 16), .backlog, recordCount: 6),
      ])
    let golden = hex(
      """
      03 0000000000000504 01 0000000000000010 0000000000000020
      02 00 0000000000000102 0000000000000304 00000201 0002 0708 01 000000000000000a 0000000000000010 00000006 0000
      """)
    #expect(note.bytes == golden)
    #expect(note.byteCount == golden.count)
    #expect(ShipmentNote(bytes: golden, position: 10) == note)
    #expect(ShipmentNote(Lanes(live: 9)).bytes == [])
  }

  @Test(
    arguments: [
      ("empty: nothing was on its way", ""), ("another version", "02 0000000000000504 00 00"),
      ("cut short", "03 0000000000000504 00 01 00 0000000000000102 00000000000003"),
      ("an identity cut short", "03 0000000000000504 00 01 00 0000000000000102 0000000000000304 00000001 0002 07"),
      ("fewer than it says", "03 0000000000000504 00 02 00 0000000000000102 0000000000000304 00000001 0000"),
      ("more than it says", "03 0000000000000504 00 01 00 0000000000000102 0000000000000304 00000001 0000 00"),
      ("an end before its start", "03 0000000000000504 00 01 00 0000000000000302 0000000000000102 00000001 0000"),
      ("no such lane", "03 0000000000000504 00 01 02 0000000000000102 0000000000000304 00000001 0000"),
      ("left behind before the live lane", "03 0000000000000014 01 0000000000000010 0000000000000020 00"),
      (
        "left behind twice",
        "03 0000000000000504 02 0000000000000010 0000000000000020 000000000000001f 0000000000000024 00"
      ),
    ])
  func `a note that is none has no shipment, and the cursor says where to go on`(name: String, note: String) {
    #expect(ShipmentNote(bytes: hex(note), position: 77) == ShipmentNote(Lanes(live: 77)))
  }

  @Test func `the longest note fits beside a cursor`() {
    let ranges = (0..<(Lanes.maximumRanges + 2)).map { (Int64($0) * 10)..<(Int64($0) * 10 + 5) }
    let identity = [UInt8](repeating: 9, count: ShipmentNote.maximumIdentityBytes)
    let note = ShipmentNote(
      Lanes(live: 1000, backlog: ranges),
      [.init(Shipment(first: 1, end: 2), recordCount: 1, identity: identity)])
    #expect(note.fits && note.bytes.count == Cursor.maximumNoteBytes)
    #expect(ShipmentNote(bytes: note.bytes, position: 0) == note)
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
