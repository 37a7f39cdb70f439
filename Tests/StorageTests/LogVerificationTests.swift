import Bytes
import Platform
import Records
import Storage
import Support
import Synchronization
import Testing

/// What a check of the log finds: one row a damage, done to the older of two segments or to the newer.
struct LogVerificationTests {
  /// Three batches of 2, 3 and 4 records in the older segment, offsets 0 to 8; two of one record each in the newer.
  private static func makeLog() -> (older: [UInt8], ranges: [Range<Int>], newer: [UInt8]) {
    let older = TestSegment.ofThreeBatches()
    var newer = TestSegment(base: 9)
    newer.add(1)
    newer.add(1)
    return (
      older.bytes, [older.range(0), older.range(1), older.range(2)], newer.bytes + [UInt8](repeating: 0, count: 4000)
    )
  }

  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    /// Damages the older and the newer segment, given where the older one's batches are.
    var damage: @Sendable (inout [UInt8], inout [UInt8], [Range<Int>]) -> Void
    var kind: LogFinding.Kind = .damage
    var batch: Int?
    var offsets: Range<Offset>?
    let problem: String
    var testDescription: String { name }
  }

  static let cases = [
    Case(
      name: "a flipped bit in a batch", damage: { older, _, ranges in older[ranges[1].lowerBound + 70] ^= 4 },
      batch: 1, offsets: 2..<5, problem: "checksum is wrong"),
    Case(
      name: "a batch of zeros",
      damage: { older, _, ranges in for index in ranges[0] { older[index] = 0 } },
      batch: 0, offsets: 0..<2, problem: "zeros"),
    Case(
      name: "garbage for a header", damage: { older, _, ranges in older[ranges[1].lowerBound + 16] = 9 },
      batch: 1, offsets: 2..<5, problem: "no batch begins there"),
    Case(
      name: "a length that lies", damage: { older, _, ranges in older[ranges[1].lowerBound + 9] = 0x10 },
      batch: 1, offsets: 2..<5, problem: "cut short"),
    Case(
      name: "a base offset that lies", damage: { older, _, ranges in older[ranges[1].lowerBound + 7] = 77 },
      batch: 1, offsets: 2..<5, problem: "says offset 77 where 2 comes next"),
    Case(
      name: "the last batch of an older segment damaged",
      damage: { older, _, ranges in older[ranges[2].upperBound - 1] ^= 1 },
      batch: 2, offsets: 5..<9, problem: "checksum is wrong"),
    Case(
      name: "an older segment cut short", damage: { older, _, ranges in older.removeLast(10) },
      offsets: 5..<9, problem: "cut short"),
    Case(
      name: "the end of an older segment missing",
      damage: { older, _, ranges in older.removeSubrange(ranges[2]) },
      offsets: 5..<9, problem: "records are missing at the end"),
    Case(
      name: "a torn tail of the newest segment",
      damage: { _, newer, _ in newer.replaceSubrange(190..<193, with: [1, 2, 3]) },
      kind: .remark, problem: "at the end of the newest segment"),
    Case(
      name: "the newest segment's only batches damaged",
      damage: { _, newer, _ in for index in 60..<newer.count { newer[index] = 0 } },
      kind: .remark, problem: "at the end of the newest segment"),
  ]

  @Test(arguments: cases)
  func `damage is named with its place, its offsets and what it is`(_ row: Case) throws {
    let (whole, ranges, wholeNewer) = Self.makeLog()
    var (older, newer) = (whole, wholeNewer)
    row.damage(&older, &newer, ranges)
    let (_, findings) = try verify(older, newer)
    try #require(findings.count == 1, "\(findings)")
    #expect(findings[0].kind == row.kind)
    #expect(findings[0].problem.contains(row.problem), "\(findings[0].problem)")
    #expect(findings[0].offsets == row.offsets)
    if let batch = row.batch { #expect(findings[0].bytes == ranges[batch]) }
    #expect(findings[0].file == "log/0000000000000000000\(row.kind == .remark ? 9 : 0).log")
    #expect(!findings[0].remedy.isEmpty)
  }

  @Test func `a log in order gives totals and no finding`() throws {
    let (older, _, newer) = Self.makeLog()
    var progress: [Int] = []
    let (totals, findings) = try verify(older, newer, progress: { progress.append($0) })
    #expect(findings == [])
    #expect(totals.segments == 2 && totals.batches == 5 && totals.records == 11)
    #expect(totals.bytes == older.count + newer.count - 4000)
    #expect(progress == progress.sorted() && progress.last == older.count + newer.count)
  }

  @Test func `the place of records lost earlier is counted and is no damage`() throws {
    var older = TestSegment()
    older.add(2)
    older.addPlaceholder(5)
    older.add(2)
    var newer = TestSegment(base: 9)
    newer.add(1)
    let (totals, findings) = try verify(older.bytes, newer.bytes)
    #expect(findings.map(\.kind) == [.lost])
    #expect(findings[0].offsets == 2..<7)
    #expect(totals.lostOffsets == 5 && totals.damaged == 0 && totals.batches == 3 && totals.records == 5)
  }

  /// What can be wrong behind a right checksum; the row changes header or records of a batch of three.
  struct InsideCase: Sendable, CustomTestStringConvertible {
    let name: String
    let change: @Sendable (inout RecordBatchHeader, inout [UInt8]) -> Void
    let problem: String
    var testDescription: String { name }
  }

  static let insideCases = [
    InsideCase(
      name: "a record too few",
      change: { header, _ in
        header.recordCount = 4; header.lastOffsetDelta = 3
      },
      problem: "record 3 of the batch does not fit its lengths"),
    InsideCase(
      name: "a record too many", change: { header, _ in header.recordCount = 2 }, problem: "19 bytes stand behind"),
    InsideCase(
      name: "an offset twice", change: { _, records in records[22] = 0 },
      problem: "record 1 of the batch does not have an offset behind"),
    InsideCase(
      name: "an offset beyond the batch's last", change: { _, records in records[22] = 40 },
      problem: "record 1 of the batch does not fit"),
    InsideCase(
      name: "a topic that is not UTF-8", change: { _, records in records[5] = 0xFF },
      problem: "record 0 of the batch has a topic that is not UTF-8"),
    InsideCase(
      name: "headers that end too early", change: { _, records in records[17] = 2 },
      problem: "record 0 of the batch has headers that do not fit"),
    InsideCase(
      name: "a record newer than the batch's newest",
      change: { header, _ in header.maxTimestamp = header.baseTimestamp },
      problem: "record 1 of the batch is newer"),
    InsideCase(
      name: "a codec of another kind", change: { header, _ in header.attributes = 1 }, problem: "codec 1"),
    InsideCase(
      name: "no zstd frame", change: { header, _ in header.attributes = 4 }, problem: "not a readable zstd frame"),
  ]

  @Test(arguments: insideCases)
  func `what is wrong behind a right checksum is found`(_ row: InsideCase) throws {
    var (header, records) = TestSegment.records(from: 0, 3)
    row.change(&header, &records)
    var segment = TestSegment()
    segment.add(header, records: records)
    let (bytes, end) = (segment.bytes, segment.end)
    let (totals, findings) = try verify(bytes, nil)
    try #require(findings.count == 1, "\(findings)")
    #expect(findings[0].kind == .damage && findings[0].problem.contains(row.problem), "\(findings[0].problem)")
    #expect(findings[0].bytes == 0..<bytes.count && findings[0].offsets == 0..<end)
    #expect(totals.records == 0 && totals.damaged == 1)
  }

  @Test func `segments that overlap are damage`() throws {
    let (older, _, _) = Self.makeLog()
    let (_, findings) = try verify(
      older, nil,
      more: { disk in
        var overlapping = TestSegment(base: 7)
        overlapping.add(1)
        disk.overwrite("/data/log/\(overlapping.fileName)", overlapping.bytes)
      })
    #expect(findings.map(\.offsets) == [5..<7])
    #expect(findings[0].problem.contains("goes beyond offset 7, with which the next segment begins"))
  }

  @Test func `a missing epoch is damage, a segment being made is not`() throws {
    let (older, _, newer) = Self.makeLog()
    let (_, findings) = try verify(
      older, newer,
      more: { disk in
        disk.overwrite("/data/epoch", [])
        disk.overwrite("/data/log/00000000000000000011.log.new", [])
      })
    #expect(findings.map(\.kind) == [.damage, .remark])
    #expect(findings.map(\.file) == ["epoch", "log/00000000000000000011.log.new"])
  }

  @Test func `a batch that becomes whole while it is looked at is no finding`() throws {
    var segment = TestSegment()
    segment.add(2)
    segment.add(2)
    let whole = segment.bytes
    let disk = FaultyDisk()
    let time = WritingTime { disk.overwrite("/data/log/00000000000000000000.log", whole) }
    let (totals, findings) = try verify(Array(whole.dropLast(20)), nil, on: disk, time: time)
    #expect(findings == [])
    #expect(totals.batches == 2)
  }

  private func verify(
    _ older: [UInt8], _ newer: [UInt8]?, on disk: FaultyDisk = FaultyDisk(), time: any TimeSource = ManualTime(),
    more: (FaultyDisk) -> Void = { _ in }, progress: (Int) -> Void = { _ in }
  ) throws -> (LogTotals, [LogFinding]) {
    disk.overwrite("/data/epoch", Array("00000000000000ab\n".utf8))
    disk.overwrite("/data/log/00000000000000000000.log", older)
    if let newer { disk.overwrite("/data/log/00000000000000000009.log", newer) }
    more(disk)
    var findings: [LogFinding] = []
    var verification = try LogVerification(directory: "/data", disk: disk, time: time)
    let totals = try verification.run(found: { findings.append($0) }, progress: progress)
    return (totals, findings)
  }
}

/// A clock on which something happens as soon as somebody waits.
private struct WritingTime: TimeSource {
  let whenSleeping: @Sendable () -> Void

  init(_ whenSleeping: @escaping @Sendable () -> Void) {
    self.whenSleeping = whenSleeping
  }

  func wallMilliseconds() -> Int64 { 0 }
  func monotonicNanoseconds() -> Int64 { 0 }
  func sleep(milliseconds: Int) { whenSleeping() }
}
