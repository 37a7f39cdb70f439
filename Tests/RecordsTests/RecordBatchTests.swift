import Bytes
import Records
import Support
import Testing

struct RecordBatchTests {
  /// Stored by a Kafka-protocol broker and read back by librdkafka with its CRC checks on.
  private static let golden = hex(
    """
    0000000000000000 00000056 ffffffff 02 9f07dea8 0000 00000001 0000018bcfe56800 0000018bcfe56800 0000000000001092 0001
    00000007 00000002
    38 00 00 00 0a 6465762d31 14 7b2274223a32312e357d 02 08 73697465 02 41      0e 00 00 02 01 02 78 00
    """)

  @Test func `the golden batch is read`() throws {
    let bytes = Self.golden
    #expect(bytes.count == 98)
    #expect(isIntact(bytes))
    guard case .header(let header) = RecordBatchHeader.parse(bytes.span.bytes) else {
      Issue.record("no header")
      return
    }
    #expect(header.producerID == 4242)
    #expect(header.producerEpoch == 1)
    #expect(header.baseSequence == 7)
    #expect(header.recordCount == 2)
    #expect(header.endOffset == 2)
    #expect(header.codec == RecordBatchHeader.Codec.none)
    #expect(
      read(bytes) == [
        "0 2023-11-14T22:13:20.000Z dev-1 {\"t\":21.5} site=A", "1 2023-11-14T22:13:20.000Z  x site=-",
      ])
  }

  @Test func `the golden batch is written`() throws {
    var headers = RecordHeaders()
    headers.add("site", "A")
    var builder = RecordBatchBuilder()
    let time = Timestamp(milliseconds: 1_700_000_000_000)
    builder.append(topic: "dev-1".utf8.span.bytes, payload: #"{"t":21.5}"#.utf8.span.bytes, at: time, headers: headers)
    var header = builder.currentHeader
    header.producerID = 4242
    header.producerEpoch = 1
    header.baseSequence = 7
    header.recordCount = 2
    header.lastOffsetDelta = 1
    var records = ByteWriter()
    records.append(builder.recordBytes)
    // A null key, which Forebay never writes.
    records.append([0x0E, 0x00, 0x00, 0x02, 0x01, 0x02, 0x78, 0x00])
    var writer = ByteWriter()
    header.encode(records: records.bytes, into: &writer)
    #expect(writer.array == Self.golden)
  }

  @Test func `a built batch is read back, whatever its records`() {
    var random = SeededGenerator(seed: 4)
    var builder = RecordBatchBuilder(capacity: 0)
    for round in 0..<20 {
      builder.reset()
      var expected: [OwnedRecord] = []
      let base = Offset(round * 1000)
      for index in 0..<(1 + random.below(50)) {
        var headers = RecordHeaders()
        for number in 0..<random.below(3) { headers.add("h\(number)", random.bytes(random.below(200)).span.bytes) }
        let record = OwnedRecord(
          offset: base + Offset(index),
          timestamp: Timestamp(milliseconds: 1_700_000_000_000 + Int64(random.below(10_000)) - 5000),
          topic: random.bytes(random.below(100)), payload: random.bytes(random.below(3000)), headerCount: headers.count,
          headerBytes: headers.bytes)
        builder.append(record.view)
        expected.append(record)
      }
      builder.finish(baseOffset: base)
      let batch = builder.bytes.array
      #expect(isIntact(batch))
      guard case .header(let header) = RecordBatchHeader.parse(batch.span.bytes) else { fatalError() }
      #expect(header.maxTimestamp == expected.map(\.timestamp).max())
      var iterator = RecordIterator(
        header, records: batch.span.bytes.extracting(RecordBatchHeader.byteCount..<batch.count))
      var found: [OwnedRecord] = []
      while let record = iterator.next() { found.append(record.copy) }
      #expect(found == expected)
      let isMalformed = iterator.isMalformed
      #expect(!isMalformed)
    }
  }

  @Test func `one flipped bit anywhere behind the checksum shows`() {
    for position in RecordBatchHeader.checksumStart..<Self.golden.count {
      for bit in 0..<8 {
        var damaged = Self.golden
        damaged[position] ^= 1 << UInt8(bit)
        #expect(!isIntact(damaged))
      }
    }
  }

  @Test(
    arguments: [
      ("magic 1", 16, [1]), ("length below a header", 8, [0, 0, 0, 48]), ("negative length", 8, [0xFF, 0, 0, 0]),
      ("length beyond any batch", 8, [0x7F, 0, 0, 0]), ("negative offset", 0, [0x80]), ("negative count", 57, [0x80]),
      ("more records than offsets", 57, [0, 0, 0, 9]),
    ] as [(String, Int, [UInt8])])
  func `a header that contradicts itself is malformed`(name: String, position: Int, bytes: [UInt8]) {
    var damaged = Self.golden
    damaged.replaceSubrange(position..<(position + bytes.count), with: bytes)
    let parsed = RecordBatchHeader.parse(damaged.span.bytes)
    #expect(parsed == .malformed)
  }

  @Test func `records with lengths that lie end the walk without reading past the batch`() {
    var random = SeededGenerator(seed: 5)
    guard case .header(let header) = RecordBatchHeader.parse(Self.golden.span.bytes) else { fatalError() }
    for _ in 0..<20_000 {
      var records = Array(Self.golden[RecordBatchHeader.byteCount...])
      for _ in 0..<(1 + random.below(3)) { records[random.below(records.count)] = UInt8(random.below(256)) }
      var iterator = RecordIterator(header, records: records.span.bytes)
      while let record = iterator.next() { _ = record.header("site") }
    }
  }

  private func isIntact(_ batch: [UInt8]) -> Bool {
    RecordBatchHeader.isIntact(batch.span.bytes)
  }

  private func read(_ batch: [UInt8]) -> [String] {
    guard case .header(let header) = RecordBatchHeader.parse(batch.span.bytes) else { return [] }
    var iterator = RecordIterator(
      header, records: batch.span.bytes.extracting(RecordBatchHeader.byteCount..<batch.count))
    var lines: [String] = []
    while let record = iterator.next() {
      let site = record.header("site") ?? "-"
      lines.append(
        "\(record.offset) \(record.timestamp.rfc3339) \(record.topic.text) \(record.payload.text) site=\(site)")
    }
    return lines
  }
}
