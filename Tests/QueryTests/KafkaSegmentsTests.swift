import Bytes
import Platform
import Query
import Records
import Support
import Testing

/// Exported segments, read by a reader that shares no code with what writes them.
struct KafkaSegmentsTests {
  private let disk = FaultyDisk()

  private static func record(
    _ offset: Offset, payload: String = "21.5", headers: RecordHeaders = .none
  ) -> OwnedRecord {
    OwnedRecord(
      offset: offset, timestamp: Timestamp(milliseconds: 1_700_000_000_000 + offset), topic: Array("plant/7".utf8),
      payload: Array(payload.utf8), headerCount: headers.count, headerBytes: headers.bytes)
  }

  private func write(
    _ records: [OwnedRecord], _ codec: RecordBatchHeader.Codec = .none,
    _ limits: KafkaSegments.Limits = KafkaSegments.Limits()
  ) throws -> KafkaSegments.Totals {
    var segments = KafkaSegments(in: "/out", codec: codec, limits: limits, on: disk)
    for record in records { try segments.append(record.view) }
    try segments.finish()
    return segments.totals
  }

  @Test func `the strict reader reads a batch that Kafka's own clients have accepted`() throws {
    let golden = hex(
      """
      0000000000000000 00000056 ffffffff 02 9f07dea8 0000 00000001 0000018bcfe56800 0000018bcfe56800
      0000000000001092 0001 00000007 00000002
      38 00 00 00 0a 6465762d31 14 7b2274223a32312e357d 02 08 73697465 02 41 0e 00 00 02 01 02 78 00
      """)
    let batch = try #require(try KafkaSegmentReader.read(golden).first)
    #expect(batch.producerID == 4242 && batch.producerEpoch == 1 && batch.baseSequence == 7)
    #expect(batch.records.map(\.key) == [Array("dev-1".utf8), nil])
    #expect(batch.records[0].headers == [.init(key: "site", value: Array("A".utf8))])
    for index in golden.indices where index >= 17 {
      var damaged = golden
      damaged[index] ^= 1
      #expect(throws: TestFailure.self) { try KafkaSegmentReader.read(damaged) }
    }
  }

  @Test func `the bytes of a segment are these`() throws {
    _ = try write([Self.record(4711), Self.record(4713, payload: "x")])
    #expect(
      disk.contents("/out/00000000000000004711.log")
        == hex(
          """
          0000000000001267 00000052 00000000 02 9b70d5fe 0000 00000002 0000018bcfe57a67 0000018bcfe57a69
          ffffffffffffffff ffff ffffffff 00000002
          22 00 00 00 0e 706c616e742f37 08 32312e35 00
          1c 00 04 04 0e 706c616e742f37 02 78 00
          """))
  }

  @Test(arguments: [RecordBatchHeader.Codec.none, .zstd])
  func `another reader finds every record as it was, in batches and segments of the sizes asked for`(
    codec: RecordBatchHeader.Codec
  ) throws {
    var limits = KafkaSegments.Limits()
    limits.batchBytes = 2000
    limits.segmentBytes = 10_000
    // Every third record is not wanted, one is larger than a batch.
    let offsets = (0..<600).filter { $0 % 3 != 1 }
    let records = offsets.map { (offset: Int) -> OwnedRecord in
      var headers = RecordHeaders()
      headers.add("source", "mqtt:pump-\(offset)")
      let payload = offset == 300 ? String(repeating: "y", count: 5000) : "value \(offset)"
      return Self.record(Offset(100 + offset), payload: payload, headers: headers)
    }
    let totals = try write(records, codec, limits)
    var found: [KafkaSegmentReader.Record] = []
    var batches = 0
    for path in disk.paths {
      let bytes = try #require(disk.contents(path))
      let segment = try KafkaSegmentReader.read(bytes)
      #expect(path.hasSuffix("/\(String(repeating: "0", count: 17))\(segment[0].baseOffset).log"))
      #expect(bytes.count <= 10_000)
      for batch in segment {
        #expect(batch.partitionLeaderEpoch == 0 && batch.codec == Int(codec.rawValue))
        #expect(batch.producerID == -1 && batch.producerEpoch == -1 && batch.baseSequence == -1)
        found += batch.records
      }
      batches += segment.count
    }
    let expected = records.map { record in
      let source = KafkaSegmentReader.Header(key: "source", value: Array("mqtt:pump-\(record.offset - 100)".utf8))
      return KafkaSegmentReader.Record(
        offset: record.offset, timestamp: record.timestamp.milliseconds, key: record.topic, value: record.payload,
        headers: [source])
    }
    #expect(found == expected)
    #expect(totals.records == 400 && totals.batches == batches && totals.segments == disk.paths.count)
    #expect(totals.batches > 5 && (codec == .zstd || totals.segments > 2))
  }

  @Test func `offsets too far apart for 32 bits begin a new segment`() throws {
    let totals = try write([Self.record(0), Self.record(3_000_000_000)])
    #expect(totals.segments == 2 && totals.batches == 2)
    #expect(disk.paths == ["/out/00000000000000000000.log", "/out/00000000003000000000.log"])
  }

  @Test func `a segment has its name only once all are whole, and nothing stays behind where that is never`() throws {
    do {
      var segments = KafkaSegments(in: "/out", codec: .none, on: disk)
      try segments.append(Self.record(1).view)
      try segments.append(Self.record(2, payload: String(repeating: "x", count: 2_000_000)).view)
      #expect(disk.paths == ["/out/00000000000000000001.log.new"])
    }
    #expect(disk.paths == [])
    // Every operation fails in turn: what has its name is whole, and there is nothing else.
    var operation = 0
    var hasFailed = true
    while hasFailed {
      operation += 1
      let disk = FaultyDisk()
      disk.setFault(.once(at: operation, errno: 28))
      var segments = KafkaSegments(in: "/out", codec: .none, on: disk)
      do {
        try segments.append(Self.record(1).view)
        try segments.finish()
        hasFailed = false
      } catch {
        hasFailed = true
      }
      _ = consume segments
      if let bytes = disk.contents("/out/00000000000000000001.log") {
        #expect(try KafkaSegmentReader.read(bytes).count == 1)
      }
      #expect(disk.contents("/out/00000000000000000001.log.new") == nil)
    }
    #expect(operation == 6)
  }
}
