import Bytes
import Platform
import Records
import Storage
import Support
import Testing

/// What recovery makes of a damaged newest segment: one row a damage.
struct RecoveryTests {
  private static let segment = "/data/log/00000000000000000000.log"

  /// Three batches of one record each; the bytes of the segment and where each batch ends.
  private static func threeBatches() -> (bytes: [UInt8], ends: [Int]) {
    var bytes: [UInt8] = []
    var ends: [Int] = []
    var builder = RecordBatchBuilder()
    for index in 0..<3 {
      builder.reset()
      builder.append(
        topic: "t".utf8.span.bytes, payload: "record \(index)".utf8.span.bytes,
        at: Timestamp(milliseconds: 1_700_000_000_000 + Int64(index)))
      builder.finish(baseOffset: Offset(index))
      bytes += builder.bytes.array
      ends.append(bytes.count)
    }
    return (bytes, ends)
  }

  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    /// Makes the damage; gets the three batches and their ends.
    let damage: @Sendable ([UInt8], [Int]) -> [UInt8]
    let kept: [String]
    let end: Offset
    var report = ""
    var gaps = 0
    var testDescription: String { name }
  }

  private static let zeros = [UInt8](repeating: 0, count: 5000)
  private static let all = ["record 0", "record 1", "record 2"]

  static let cases = [
    Case(name: "an empty file", damage: { _, _ in [] }, kept: [], end: 0),
    Case(name: "a file of zeros", damage: { _, _ in zeros }, kept: [], end: 0),
    Case(name: "nothing behind the last batch", damage: { bytes, _ in bytes }, kept: all, end: 3),
    Case(name: "the zeros of preallocation", damage: { bytes, _ in bytes + zeros }, kept: all, end: 3),
    Case(
      name: "the last batch cut short", damage: { bytes, _ in Array(bytes.dropLast(1)) },
      kept: ["record 0", "record 1"], end: 2, report: "torn tail", gaps: 1),
    Case(
      name: "a header cut short", damage: { bytes, ends in Array(bytes.prefix(ends[1] + 30)) + zeros },
      kept: ["record 0", "record 1"], end: 2, report: "torn tail", gaps: 1),
    Case(
      name: "the last batch's records lost, its header kept",
      damage: { bytes, ends in Array(bytes.prefix(ends[1] + 61)) + zeros },
      kept: ["record 0", "record 1"], end: 2, report: "torn tail", gaps: 1),
    Case(
      name: "garbage behind the last batch", damage: { bytes, _ in bytes + [1, 2, 3] + zeros }, kept: all, end: 3,
      report: "torn tail of 3 bytes", gaps: 1),
    Case(
      name: "garbage far behind the last batch", damage: { bytes, _ in bytes + zeros + [9] }, kept: all, end: 3,
      report: "torn tail of 5001 bytes", gaps: 1),
    Case(
      name: "a flipped bit in the middle",
      damage: { bytes, ends in
        var bytes = bytes
        bytes[ends[0] + 70] ^= 4
        return bytes + zeros
      }, kept: ["record 0", "record 2"], end: 3, report: "damaged", gaps: 1),
    Case(
      name: "a length that lies",
      damage: { bytes, ends in
        var bytes = bytes
        bytes[ends[0] + 9] = 0x10
        return bytes
      }, kept: ["record 0", "record 2"], end: 3, report: "damaged", gaps: 1),
    Case(
      name: "a first batch of zeros",
      damage: { bytes, ends in
        [UInt8](repeating: 0, count: ends[0]) + bytes[ends[0]...]
      }, kept: ["record 1", "record 2"], end: 3, report: "damaged", gaps: 1),
    Case(
      name: "every batch damaged",
      damage: { bytes, ends in
        var bytes = bytes
        for end in ends { bytes[end - 1] ^= 1 }
        return bytes
      }, kept: [], end: 0, report: "torn tail", gaps: 1),
  ]

  @Test(arguments: cases)
  func `recovery keeps every intact batch and says what it did`(_ row: Case) throws {
    let (bytes, ends) = Self.threeBatches()
    let disk = FaultyDisk()
    disk.overwrite("/data/epoch", Array("00000000000000ab\n".utf8))
    disk.overwrite(Self.segment, row.damage(bytes, ends))
    var log = try open(disk)
    #expect(log.epoch.value == 0xAB)
    #expect(log.durableEnd == row.end + Offset(row.gaps))
    #expect(row.report.isEmpty ? log.recoveryReport.isEmpty : log.recoveryReport.contains { $0.contains(row.report) })
    #expect(log.commitStep())
    #expect(try contents(log) == row.kept + Array(repeating: "gap", count: row.gaps))

    // What is appended afterwards is there after another start, and nothing is reported then.
    var appender = log.makeAppender()
    appender.append(topic: "t".utf8.span.bytes, payload: "new".utf8.span.bytes, at: Timestamp(milliseconds: 1))
    appender.flush()
    #expect(log.commitStep())
    log.close()
    log = try open(disk)
    #expect(log.recoveryReport == [])
    #expect(try contents(log) == row.kept + Array(repeating: "gap", count: row.gaps) + ["new"])
  }

  @Test func `torn bytes are kept aside`() throws {
    let (bytes, _) = Self.threeBatches()
    let disk = FaultyDisk()
    disk.overwrite(Self.segment, bytes + [1, 2, 3])
    _ = try open(disk)
    #expect(disk.contents("/data/quarantine/00000000000000000000.log.\(bytes.count)") == [1, 2, 3])
  }

  @Test func `what is kept aside is not replaced by what comes after it from the same place`() throws {
    let (bytes, _) = Self.threeBatches()
    let disk = FaultyDisk()
    for torn in [[1, 2, 3], [4, 5], [1, 2, 3]] as [[UInt8]] {
      disk.overwrite(Self.segment, bytes + torn)
      _ = try open(disk)
      disk.endProcess()
    }
    let kept = disk.paths.filter { $0.hasPrefix("/data/quarantine/") }
    let name = "/data/quarantine/00000000000000000000.log.\(bytes.count)"
    #expect(kept == [name, name + ".1"])
    #expect(kept.map { disk.contents($0) } == [[1, 2, 3], [4, 5]])
  }

  @Test func `a segment that was being made is removed`() throws {
    let (bytes, _) = Self.threeBatches()
    let disk = FaultyDisk()
    disk.overwrite(Self.segment, bytes)
    disk.overwrite("/data/log/00000000000000000003.log.new", [])
    let log = try open(disk)
    #expect(disk.contents("/data/log/00000000000000000003.log.new") == nil)
    #expect(log.durableEnd == 3)
  }

  @Test(arguments: [("missing", nil), ("damaged", Array("what".utf8))] as [(String, [UInt8]?)])
  func `a lost epoch is made anew and said so`(name: String, contents: [UInt8]?) throws {
    let (bytes, _) = Self.threeBatches()
    let disk = FaultyDisk()
    disk.overwrite(Self.segment, bytes)
    if let contents { disk.overwrite("/data/epoch", contents) }
    let log = try open(disk)
    #expect(log.recoveryReport.contains { $0.contains("epoch") })
    log.close()
    let again = try open(disk)
    #expect(again.epoch == log.epoch)
    #expect(again.recoveryReport == [])
  }

  @Test func `a batch damaged in an older segment costs that batch alone`() throws {
    let disk = FaultyDisk()
    let log = try open(disk, segmentBytes: 2048)
    var appender = log.makeAppender()
    for index in 0..<30 {
      appender.append(
        topic: "t".utf8.span.bytes, payload: ("\(index) " + String(repeating: "x", count: 200)).utf8.span.bytes,
        at: Timestamp(milliseconds: 1))
      appender.flush()
      #expect(log.commitStep())
    }
    var bytes = disk.contents(Self.segment)!
    bytes[400] ^= 1
    disk.overwrite(Self.segment, bytes)
    var reader = log.makeReader(at: 0)
    var found: [Offset] = []
    while let record = try reader.next() { found.append(record.offset) }
    #expect(found == [0] + Array(2..<30))
    #expect(reader.skippedRecords == 1)
  }

  private func open(_ disk: FaultyDisk, segmentBytes: Int = 8192) throws -> Log {
    var configuration = LogConfiguration(directory: "/data")
    configuration.segmentBytes = segmentBytes
    return try Log.open(configuration, disk: disk, time: ManualTime(), startsThreads: false)
  }

  private func contents(_ log: Log) throws -> [String] {
    var reader = log.makeReader(at: 0)
    var found: [String] = []
    while let record = try reader.next() {
      found.append(record.topic.text == Topic.gap ? "gap" : record.payload.text)
    }
    return found
  }
}
