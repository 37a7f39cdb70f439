import Bytes
import Platform
import Records
import Storage
import Support
import Testing

/// Closed segments are written anew in large compressed batches, and nobody notices.
struct SealingTests {
  private let disk = FaultyDisk()
  private let time = ManualTime()

  private func open(segmentBytes: Int = 4096, gateway: String? = nil) throws -> Log {
    var configuration = LogConfiguration(directory: "/data")
    configuration.identifiedGateway = gateway
    configuration.segmentBytes = segmentBytes
    return try Log.open(configuration, disk: disk, time: time, startsThreads: false)
  }

  /// Appends `count` records, a commit each, and returns all payloads so far.
  private func fill(_ log: Log, _ range: Range<Int>, topic: String = "plant/7/temp") {
    var appender = log.makeAppender()
    for index in range {
      let payload = "{\"sensor\":\"pump-\(index % 7)\",\"value\":\(index)}" + String(repeating: " ", count: 150)
      appender.append(
        topic: topic.utf8.span.bytes, payload: payload.utf8.span.bytes,
        at: Timestamp(milliseconds: 1_700_000_000_000 + Int64(index)))
      appender.flush()
      #expect(log.commitStep())
    }
  }

  private func offsets(_ reader: consuming LogReader) throws -> [Offset] {
    var reader = reader
    var found: [Offset] = []
    while let record = try reader.next() { found.append(record.offset) }
    return found
  }

  private func sealAll(_ log: Log) {
    while log.sealStep() { #expect(log.commitStep()) }
  }

  private func contents(_ log: Log) throws -> [OwnedRecord] {
    var reader = log.makeReader(at: 0)
    var found: [OwnedRecord] = []
    while let record = try reader.next() { found.append(record.copy) }
    return found
  }

  @Test(arguments: [nil, "plant-7"])
  func `sealed segments hold the same records and take less room`(gateway: String?) throws {
    let log = try open(gateway: gateway)
    fill(log, 0..<100)
    let before = try contents(log)
    let bytesBefore = log.segments.dropLast().reduce(0) { $0 + $1.bytes }
    sealAll(log)
    #expect(try contents(log) == before)
    #expect(log.segments.dropLast().allSatisfy { $0.isSealed })
    let bytesAfter = log.segments.dropLast().reduce(0) { $0 + $1.bytes }
    #expect(bytesAfter * 5 < bytesBefore)
    #expect(log.sealingMetrics.bytesBefore == bytesBefore)
    #expect(log.sealingMetrics.bytesAfter == bytesAfter)
    log.close()

    // As found by another start, which has nothing to seal and nothing to say.
    let again = try open()
    #expect(again.recoveryReport == [])
    #expect(try contents(again) == before)
    #expect(!again.sealStep())
  }

  @Test func `records carry their identity once they are sealed, and nobody on the box sees it`() throws {
    let log = try open(gateway: "plant-7")
    fill(log, 0..<100)
    let before = try contents(log)
    sealAll(log)
    #expect(try contents(log) == before)
    var reader = log.makeReader(at: 0)
    reader.filters = [try TopicFilter("#")]
    var frame = ByteWriter()
    var header = try #require(try reader.takeStoredBatch(into: &frame, limit: (1000, .max)))
    #expect(header.isIdentified)
    // As it goes to Kafka, where the bit means nothing.
    header.attributes = 0
    var decompressor = ZstdDecompressor()
    var records = ByteWriter()
    try decompressor.decompress(frame.bytes, into: &records, limit: 1 << 20)
    var iterator = RecordIterator(header, records: records.bytes)
    var offset = 0
    while let record = iterator.next() {
      let identity = [
        record.header("forebay-gateway"), record.header("forebay-epoch"), record.header("forebay-offset"),
      ]
      #expect(identity == ["plant-7", "\(log.epoch)", "\(offset)"])
      offset += 1
    }
    #expect(offset > 0 && !iterator.isMalformed)
  }

  @Test func `a reader in the middle of a segment notices nothing`() throws {
    let log = try open()
    fill(log, 0..<100)
    var reader = log.makeReader(at: 0)
    for expected in 0..<3 {
      let offset = try reader.next()?.offset
      #expect(offset == Offset(expected))
    }
    sealAll(log)
    #expect(try offsets(reader) == Array(3..<100))
  }

  @Test func `a reader from outside that has opened the old file reads it to its end`() throws {
    let log = try open()
    fill(log, 0..<100)
    let stored = try StoredLog(directory: "/data", disk: disk)
    var reader = stored.makeReader(at: 0)
    let first = try reader.next()?.offset
    #expect(first == 0)
    sealAll(log)
    #expect(try offsets(reader) == Array(1..<100))
  }

  @Test func `any offset and any time is found through the index, and without it`() throws {
    let log = try open(segmentBytes: 300_000)
    fill(log, 0..<3000)
    for state in ["in memory", "sealed", "without side files"] {
      for offset in stride(from: Offset(0), to: 3000, by: 117) {
        var reader = log.makeReader(at: offset)
        let found = try reader.next()?.offset
        #expect(found == offset, "\(state)")
        try reader.seek(to: Timestamp(milliseconds: 1_700_000_000_000 + offset))
        let foundByTime = try reader.next()?.offset
        #expect(foundByTime == offset, "\(state)")
      }
      if state == "in memory" { sealAll(log) } else { removeSideFiles() }
    }
  }

  private func removeSideFiles() {
    for path in disk.paths where path.hasSuffix(".index") || path.hasSuffix(".topics") { try? disk.remove(path) }
  }

  @Test func `lost side files are made anew, and the segments stay as they are`() throws {
    let log = try open()
    fill(log, 0..<100)
    sealAll(log)
    log.close()
    let sideFiles = disk.paths.filter { !$0.hasSuffix(".log") && $0.hasPrefix("/data/log") }
    #expect(sideFiles.count == 2 * (log.segments.count - 1))
    let segmentsBefore = disk.paths.filter { $0.hasSuffix(".log") }.map { disk.contents($0)!.hashValue }
    removeSideFiles()
    let again = try open()
    sealAll(again)
    again.close()
    #expect(disk.paths.filter { !$0.hasSuffix(".log") && $0.hasPrefix("/data/log") } == sideFiles)
    #expect(disk.paths.filter { $0.hasSuffix(".log") }.map { disk.contents($0)!.hashValue } == segmentsBefore)
  }

  @Test func `segments without a wanted topic, or too old, are passed over`() throws {
    let log = try open()
    fill(log, 0..<50)
    fill(log, 50..<51, topic: "rare/alarm")
    fill(log, 51..<100)
    sealAll(log)
    let before = disk.operations
    var reader = log.makeReader(at: 0)
    reader.filters = [try TopicFilter("rare/#")]
    let found = try offsets(reader)
    #expect(found.contains(50))
    #expect(found.count < 40)
    let withFilter = disk.operations - before
    #expect(try offsets(log.makeReader(at: 0)).count == 100)
    #expect(withFilter < disk.operations - before - withFilter)

    var newest = log.makeReader(at: 0)
    newest.oldest = Timestamp(milliseconds: 1_700_000_000_095)
    let late = try offsets(newest)
    #expect(late.suffix(5) == Array(95..<100)[...] && late.count < 30)
  }

  @Test func `a flipped bit in a closed segment costs one batch, is noted, and is found once`() throws {
    let log = try open()
    fill(log, 0..<100)
    var bytes = disk.contents("/data/log/00000000000000000000.log")!
    bytes[400] ^= 8
    disk.overwrite("/data/log/00000000000000000000.log", bytes)
    sealAll(log)
    let found = try contents(log)
    #expect(found.map(\.offset) == [0] + Array(2..<101))
    let gap = String(decoding: found.last!.payload, as: UTF8.self)
    #expect(gap == #"{"reason":"damage","count":1,"where":"offsets 1 to 1, 00000000000000000000.log"}"#)
    #expect(log.sealingMetrics.lostRecords == 1)
    #expect(disk.paths.contains { $0.hasPrefix("/data/quarantine/00000000000000000000.log.") })
    log.close()
    let again = try open()
    sealAll(again)
    #expect(try contents(again) == found)
  }

  /// What the checksum does not cover: the base offset and the length.
  @Test(arguments: [0, 3, 7, 8, 10, 11, 12, 16])
  func `a flipped bit in a header's first bytes costs one batch`(byte: Int) throws {
    let log = try open()
    fill(log, 0..<100)
    let path = "/data/log/00000000000000000000.log"
    let bytes = disk.contents(path)!
    var scan = 0
    for _ in 0..<3 {
      scan += 12 + bytes[(scan + 8)..<(scan + 12)].reduce(0) { $0 << 8 | Int($1) }
    }
    for bit in 0..<8 {
      var damaged = bytes
      damaged[scan + byte] ^= 1 << UInt8(bit)
      disk.overwrite(path, damaged)
      let found = try offsets(log.makeReader(at: 0))
      // The partition leader epoch is of no use to us.
      #expect(byte == 12 ? found == Array(0..<100) : found == Array(0..<3) + Array(4..<100), "bit \(bit)")
    }
  }

  @Test func `a missing segment is noted once and covered`() throws {
    let log = try open()
    fill(log, 0..<100)
    sealAll(log)
    let missing = log.segments[2].base..<log.segments[3].base
    log.close()
    try disk.remove("/data/log/" + SegmentName.fileName(base: missing.lowerBound))
    let again = try open()
    sealAll(again)
    let found = try contents(again)
    #expect(found.dropLast().map(\.offset) == Array(0..<missing.lowerBound) + Array(missing.upperBound..<100))
    #expect(String(decoding: found.last!.payload, as: UTF8.self).contains("\"count\":\(missing.count)"))
    again.close()
    let third = try open()
    sealAll(third)
    #expect(try contents(third) == found)
  }

  @Test func `payloads that hold batches are not taken for the log's own`() throws {
    let log = try open(segmentBytes: 16384)
    var inner = RecordBatchBuilder()
    inner.append(topic: "x".utf8.span.bytes, payload: "invented".utf8.span.bytes, at: Timestamp(milliseconds: 1))
    inner.finish(baseOffset: 50)
    var payload: [UInt8] = []
    for _ in 0..<3 { payload += inner.bytes.array }
    payload += [UInt8](repeating: 0, count: 200)
    var appender = log.makeAppender()
    for _ in 0..<100 {
      appender.append(topic: "t".utf8.span.bytes, payload: payload.span.bytes, at: Timestamp(milliseconds: 2))
      appender.flush()
      #expect(log.commitStep())
    }
    let path = "/data/log/00000000000000000000.log"
    var bytes = disk.contents(path)!
    // The length of the first batch.
    bytes[11] ^= 1
    disk.overwrite(path, bytes)
    for _ in 0..<2 {
      var reader = log.makeReader(at: 0)
      var topics: Set<String> = []
      while let record = try reader.next() { topics.insert(record.topic.text) }
      #expect(topics.subtracting([Topic.gap]) == ["t"])
      sealAll(log)
    }
  }

  @Test(arguments: [(5, "EIO"), (28, "ENOSPC")])
  func `an operation that fails while sealing leaves the segment as it is, until it works`(
    errno: Int32, name: String
  ) throws {
    var failing = 1
    while true {
      let bench = SealingTests()
      var log = try bench.open()
      bench.fill(log, 0..<40)
      let operation = bench.disk.operations + failing
      bench.disk.setFault(.once(at: operation, errno: errno))
      bench.sealAll(log)
      let isOver = bench.disk.operations < operation
      bench.disk.setFault(nil)
      #expect(try bench.contents(log).count == 40, "operation \(failing)")
      #expect(!bench.disk.paths.contains { $0.hasSuffix(".log.new") }, "operation \(failing)")
      log.close()
      log = try bench.open()
      bench.sealAll(log)
      #expect(try bench.contents(log).count == 40, "operation \(failing)")
      #expect(log.segments.dropLast().allSatisfy { $0.isSealed }, "operation \(failing)")
      if isOver { break }
      failing += 1
    }
    #expect(failing > 30)
  }
}
