import Platform
import Records
import Storage
import Support
import Testing

/// Sectors that have gone bad: what can be read is read, and a disk that gives nothing at all loses nothing.
struct UnreadableTests {
  private let disk = FaultyDisk()
  private static let older = "/data/log/00000000000000000000.log"
  private static let newest = "/data/log/00000000000000001000.log"
  private static let bad = 8192..<12288

  /// 100 batches of ten records in each of two segments.
  /// - Returns: the offsets in each segment's batches that have a byte in `bad`.
  private func makeLog() -> (older: Range<Offset>, newest: Range<Offset>) {
    disk.overwrite("/data/epoch", Array("00000000000000ab\n".utf8))
    var lost: [Range<Offset>] = []
    for (path, base) in [(Self.older, 0), (Self.newest, 1000)] as [(String, Offset)] {
      var segment = TestSegment(base: base)
      for _ in 0..<100 { segment.add(10) }
      disk.overwrite(path, segment.bytes)
      let touched = (0..<100).filter { segment.range($0).overlaps(Self.bad) }.map { base + Offset(10 * $0) }
      lost.append(touched[0]..<(touched[touched.count - 1] + 10))
    }
    return (lost[0], lost[1])
  }

  private func open() throws -> Log {
    try Log.open(LogConfiguration(directory: "/data"), disk: disk, time: ManualTime(), startsThreads: false)
  }

  private func offsets(_ reader: inout LogReader) throws -> [Offset] {
    var found: [Offset] = []
    while let record = try reader.next() { found.append(record.offset) }
    return found
  }

  @Test func `a reader passes over a bad sector to the next batch`() throws {
    let lost = makeLog().older
    let log = try open()
    disk.setUnreadable(Self.bad, of: Self.older)
    var reader = log.makeReader(at: 0)
    let found = try offsets(&reader)
    #expect(found == (0..<2000).filter { !lost.contains($0) })
    let skipped = reader.skippedRecords
    #expect(skipped == lost.count)
  }

  @Test func `a reader passes over a segment of which nothing can be read to the next`() throws {
    _ = makeLog()
    let log = try open()
    disk.setUnreadable(0..<(1 << 20), of: Self.older)
    var reader = log.makeReader(at: 5)
    let found = try offsets(&reader)
    #expect(found == Array(1000..<2000))
    let skipped = reader.skippedRecords
    #expect(skipped == 995)
  }

  @Test func `nothing is passed over on a disk that gives nothing`() throws {
    _ = makeLog()
    let log = try open()
    var reader = log.makeReader(at: 0)
    disk.inject([DiskFault(.error(5), on: [.read])], seed: 1)
    for _ in 0..<3 {
      do {
        _ = try reader.next()
        Issue.record("a record has been read")
      } catch {
        guard case .disk = error else { throw error }
      }
    }
    disk.inject([], seed: 1)
    let found = try offsets(&reader)
    #expect(found == Array(0..<2000))
    let skipped = reader.skippedRecords
    #expect(skipped == 0)
  }

  @Test func `a newest segment with a bad sector is left as it is, and the log goes on behind it`() throws {
    let lost = makeLog().newest
    disk.setUnreadable(Self.bad, of: Self.newest)
    let before = disk.contents(Self.newest)
    let log = try open()
    #expect(log.recoveryReport.count == 1 && log.recoveryReport[0].contains("the disk does not give"))
    #expect(log.durableEnd == 2000 && disk.contents(Self.newest) == before)
    var appender = log.makeAppender()
    appender.append(topic: "t".utf8.span.bytes, payload: "new".utf8.span.bytes, at: Timestamp(milliseconds: 1))
    appender.flush()
    #expect(log.commitStep())
    var reader = log.makeReader(at: 0)
    let found = try offsets(&reader)
    #expect(found == (0...2000).filter { !lost.contains($0) })
    disk.endProcess()
    #expect(try open().recoveryReport == [])
  }

  @Test func `a newest segment of which nothing can be read is left as it is, where the one before can be`() throws {
    _ = makeLog()
    disk.setUnreadable(0..<(1 << 20), of: Self.newest)
    let log = try open()
    #expect(log.durableEnd == 1000 + Offset(disk.contents(Self.newest)!.count))
    disk.endProcess()
    disk.setUnreadable(nil, of: Self.newest)
    var reader = try open().makeReader(at: 1000)
    let found = try offsets(&reader)
    #expect(found == Array(1000..<2000))
  }

  @Test func `a log does not open on a disk that gives nothing`() throws {
    _ = makeLog()
    disk.inject([DiskFault(.error(5), on: [.read], path: "/data/log")], seed: 1)
    #expect(throws: StorageError.self) { try open() }
    disk.inject([], seed: 1)
    #expect(try open().durableEnd == 2000)
  }
}
