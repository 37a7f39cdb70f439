import Bytes
import Platform
import Records
import Storage
import Support
import Testing

/// A repaired log is in order, has every intact record where it was, and says what is lost.
struct LogRepairTests {
  private let disk = FaultyDisk()

  /// Offsets 0 to 8 in three batches, 9 to 12 in two, 13 to 15 in three; a cursor at 6.
  private static func makeLog(on disk: FaultyDisk) -> (older: [Range<Int>], newest: [Range<Int>]) {
    let older = TestSegment.ofThreeBatches()
    var middle = TestSegment(base: 9)
    middle.add(3)
    middle.add(1)
    var newest = TestSegment(base: 13)
    for _ in 0..<3 { newest.add(1) }
    disk.overwrite("/data/epoch", Array("00000000000000ab\n".utf8))
    disk.overwrite(Self.older, older.bytes)
    disk.overwrite(Self.middle, middle.bytes)
    disk.overwrite(Self.newest, newest.bytes + [UInt8](repeating: 0, count: 3000))
    return ([older.range(0), older.range(1), older.range(2)], [newest.range(0), newest.range(1), newest.range(2)])
  }

  private static let older = "/data/log/00000000000000000000.log"
  private static let middle = "/data/log/00000000000000000009.log"
  private static let newest = "/data/log/00000000000000000013.log"
  private static let cursor = "/data/cursors/route/siren"

  enum Kept: Sendable {
    case nothing
    /// A batch of the oldest or of the newest segment, from where it stood.
    case older(Int)
    case newest(Int)
    case file(String, bytes: Int)
  }

  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let damage: @Sendable (FaultyDisk, (older: [Range<Int>], newest: [Range<Int>])) -> Void
    /// Offsets that are not readable afterwards.
    var lost: [Offset] = []
    /// What stands in the place of the newest batches that never became whole.
    var replaced: [Offset] = []
    /// What is in the quarantine.
    var kept = Kept.nothing
    var gapRecords = 0
    /// Part of a line that says what was done.
    let line: String
    var testDescription: String { name }
  }

  private static func change(_ disk: FaultyDisk, _ path: String, _ body: (inout [UInt8]) -> Void) {
    var bytes = disk.contents(path)!
    body(&bytes)
    disk.overwrite(path, bytes)
  }

  static let cases = [
    Case(
      name: "a flipped bit in an old segment",
      damage: { disk, ranges in change(disk, older) { $0[ranges.older[1].lowerBound + 70] ^= 4 } },
      lost: [2, 3, 4], kept: .older(1), gapRecords: 1, line: "records 2 to 4 are lost"),
    Case(
      name: "the end of an old segment torn off",
      damage: { disk, _ in change(disk, older) { $0.removeLast(10) } },
      lost: [5, 6, 7, 8], gapRecords: 1, line: "records 5 to 8 are lost"),
    Case(
      name: "an old segment's last batch missing",
      damage: { disk, ranges in
        change(disk, older) { $0.removeSubrange(ranges.older[2]) }
      }, lost: [5, 6, 7, 8], gapRecords: 1, line: "records 5 to 8 are lost"),
    Case(
      name: "two old segments damaged",
      damage: { disk, ranges in
        change(disk, older) { $0[ranges.older[0].lowerBound + 70] ^= 4 }
        change(disk, middle) { $0[70] ^= 4 }
      }, lost: [0, 1, 9, 10, 11], gapRecords: 2, line: "records 0 to 1 are lost"),
    Case(
      name: "a segment missing between two others",
      damage: { disk, _ in try? disk.remove(middle) }, lost: [9, 10, 11, 12], gapRecords: 1,
      line: "records 9 to 12 are lost"),
    Case(
      name: "a torn tail of the newest segment",
      damage: { disk, ranges in change(disk, newest) { $0[ranges.newest[2].upperBound - 1] ^= 1 } },
      lost: [], replaced: [15], kept: .newest(2), line: "torn tail"),
    Case(
      name: "the middle of the newest segment damaged",
      damage: { disk, ranges in change(disk, newest) { $0[ranges.newest[1].upperBound - 1] ^= 1 } },
      lost: [14], kept: .newest(1), gapRecords: 1, line: "are damaged"),
    Case(
      name: "a damaged epoch", damage: { disk, _ in disk.overwrite("/data/epoch", Array("0000000 000000ab\n".utf8)) },
      kept: .file("epoch.0", bytes: 17), line: "new epoch"),
    Case(
      name: "a segment that was being made", damage: { disk, _ in disk.overwrite(older + ".new", [1, 2, 3]) },
      line: "removed 00000000000000000000.log.new"),
    Case(
      name: "a stale index", damage: { disk, _ in disk.overwrite("/data/log/00000000000000000000.index", [1, 2, 3]) },
      line: "removed, since it was not right"),
    Case(
      name: "a cursor that cannot be read",
      damage: { disk, _ in disk.overwrite(cursor, [UInt8](repeating: 7, count: 8192)) },
      kept: .file("cursor-route-siren.0", bytes: 8192), line: "begins with the oldest record again"),
  ]

  @Test(arguments: cases)
  func `what is damaged is taken out and kept, and the rest is as it was`(_ row: Case) throws {
    let ranges = Self.makeLog(on: disk)
    row.damage(disk, ranges)
    #expect(try dryRun().repaired > 0)
    let steps = try repair()
    #expect(steps.contains { $0.text.contains(row.line) }, "\(steps.map(\.text))")
    #expect(steps.allSatisfy { $0.kind == .repaired })
    #expect(try damage() == [])
    let (records, gaps, end) = try contents()
    #expect(records == (0..<16).filter { !row.lost.contains($0) && !row.replaced.contains($0) })
    #expect(gaps.count == row.gapRecords + row.replaced.count && gaps.allSatisfy { $0 >= 14 })
    #expect(end >= 16)
    switch row.kept {
    case .nothing: break
    case .older(let batch): #expect(quarantined(0, ranges.older[batch]))
    case .newest(let batch): #expect(quarantined(13, ranges.newest[batch]))
    case .file(let name, let bytes): #expect(disk.contents("/data/quarantine/" + name)?.count == bytes)
    }
    #expect(try repair() == [])
  }

  @Test func `what is in order is not touched`() throws {
    _ = Self.makeLog(on: disk)
    let before = disk.paths.map { disk.contents($0) }
    #expect(try dryRun().repaired == 0)
    #expect(try repair() == [])
    #expect(disk.paths.filter { $0 != "/data/lock" }.map { disk.contents($0) } == before)
  }

  @Test func `a dry run changes nothing`() throws {
    let ranges = Self.makeLog(on: disk)
    for index in [0, 5, 7, 8, 9, 10] { Self.cases[index].damage(disk, ranges) }
    let before = disk.paths.map { disk.contents($0) }
    let totals = try dryRun()
    #expect(totals.repaired > 5)
    #expect(disk.paths.map { disk.contents($0) } == before)
  }

  @Test func `a cursor behind the log's end is moved to it, and new records are told from the lost ones`() throws {
    _ = Self.makeLog(on: disk)
    var log = try open()
    var cursor = try log.openCursor("route/siren")
    try cursor.commit(16, note: [1, 2])
    log.close()
    try disk.remove(Self.newest)
    let steps = try repair()
    #expect(steps.contains { $0.text.contains("route/siren had come to 16") })
    #expect(steps.contains { $0.text.contains("new epoch") })
    log = try open()
    #expect(log.epoch.value != 0xAB)
    let again = try log.openCursor("route/siren")
    #expect(again.position == 13 && again.note == [])
    #expect(log.recoveryReport == [])
  }

  @Test func `a batch with a right checksum stays, whatever is in it`() throws {
    _ = Self.makeLog(on: disk)
    var (header, records) = TestSegment.records(from: 0, 9)
    records[5] = 0xFF
    var segment = TestSegment()
    segment.add(header, records: records)
    header.recordCount = 1
    let bytes = segment.bytes
    disk.overwrite(Self.older, bytes)
    let steps = try repair()
    #expect(steps.map(\.kind) == [.left])
    #expect(disk.contents(Self.older) == bytes)
  }

  @Test func `a log that somebody holds is left alone`() throws {
    let ranges = Self.makeLog(on: disk)
    Self.cases[0].damage(disk, ranges)
    let log = try open()
    let before = disk.contents(Self.older)
    #expect(throws: StorageError.locked(directory: "/data", process: 1)) { try repair() }
    #expect(disk.contents(Self.older) == before)
    log.close()
  }

  @Test func `a repair that fails or loses power at any operation can be run again`() throws {
    var operations = 0
    var hasEnded = false
    while !hasEnded {
      operations += 1
      for losesPower in [false, true] {
        let disk = FaultyDisk()
        let ranges = Self.makeLog(on: disk)
        Self.change(disk, Self.older) { $0[ranges.older[1].lowerBound + 70] ^= 4 }
        Self.change(disk, Self.newest) { $0[ranges.newest[1].upperBound - 1] ^= 1 }
        if losesPower {
          disk.crash(afterOperation: disk.operations + operations)
        } else {
          disk.setFault(.once(at: disk.operations + operations, errno: 5))
        }
        var repair = LogRepair(directory: "/data", disk: disk, time: ManualTime())
        let totals = try? repair.run(did: { _ in })
        hasEnded = !disk.hasCrashed && totals?.left == 0 && operations > 50
        if losesPower { disk.powerCycle(seed: UInt64(operations)) } else { disk.setFault(nil) }
        _ = try repair.run(did: { _ in })
        let (records, gaps, end) = try contents(disk)
        #expect(records == [0, 1, 5, 6, 7, 8, 9, 10, 11, 12, 13, 15], "operation \(operations)")
        #expect(gaps.count >= 2 && end >= 18)
        #expect(try damage(disk) == [])
      }
    }
  }

  private func quarantined(_ base: Offset, _ range: Range<Int>) -> Bool {
    let name = "\(SegmentName.fileName(base: base)).\(range.lowerBound)"
    return disk.contents("/data/quarantine/" + name)?.count == range.count
  }

  private func open(_ disk: FaultyDisk? = nil) throws -> Log {
    var configuration = LogConfiguration(directory: "/data")
    configuration.segmentBytes = 4096
    return try Log.open(configuration, disk: disk ?? self.disk, time: ManualTime(), startsThreads: false)
  }

  private func dryRun() throws -> LogRepair.Totals {
    var repair = LogRepair(directory: "/data", disk: disk, time: ManualTime())
    return try repair.dryRun(did: { _ in })
  }

  private func repair() throws -> [LogRepair.Step] {
    var steps: [LogRepair.Step] = []
    var repair = LogRepair(directory: "/data", disk: disk, time: ManualTime())
    _ = try repair.run(did: { steps.append($0) })
    return steps
  }

  private func damage(_ disk: FaultyDisk? = nil) throws -> [LogFinding] {
    var found: [LogFinding] = []
    var verification = try LogVerification(directory: "/data", disk: disk ?? self.disk, time: ManualTime())
    _ = try verification.run(found: { if $0.kind == .damage { found.append($0) } })
    return found
  }

  /// The offsets of devices' records and of gap records, and the log's end.
  private func contents(_ disk: FaultyDisk? = nil) throws -> (records: [Offset], gaps: [Offset], end: Offset) {
    let log = try open(disk)
    var reader = log.makeReader(at: 0)
    var records: [Offset] = []
    var gaps: [Offset] = []
    while let record = try reader.next() {
      if record.topic.text == Topic.gap {
        gaps.append(record.offset)
      } else {
        #expect(record.payload.text == "record \(record.offset)")
        records.append(record.offset)
      }
    }
    log.close()
    return (records, gaps, log.durableEnd)
  }
}
