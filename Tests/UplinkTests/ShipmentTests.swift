import Bytes
import Platform
import Records
import Storage
import Support
import Testing
import Uplink

struct ShipmentTests {
  @Test func `a shipment's note has its golden bytes`() {
    let shipment = Shipment(first: 258, end: 772)
    let golden = hex("01 0000000000000102 0000000000000304")
    #expect(shipment.note() == golden)
    #expect(Shipment(note: golden) == shipment)
  }

  @Test(
    arguments: [
      ("empty: nothing was on its way", ""), ("another version", "02 0000000000000102 0000000000000304"),
      ("cut short", "01 0000000000000102 00000000000003"),
      ("an end before its start", "01 0000000000000302 0000000000000102"),
    ])
  func `a note that is none gives no shipment`(name: String, note: String) {
    #expect(Shipment(note: hex(note)) == nil)
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
