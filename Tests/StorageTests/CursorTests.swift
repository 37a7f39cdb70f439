import Platform
import Records
import Storage
import Support
import Testing

struct CursorTests {
  private let disk = FaultyDisk()

  private func openLog(records: Int = 100) throws -> Log {
    let log = try Log.open(
      {
        var configuration = LogConfiguration(directory: "/data")
        configuration.segmentBytes = 1 << 16
        return configuration
      }(), disk: disk, time: ManualTime(), startsThreads: false)
    var appender = log.makeAppender()
    while appender.appendedTickets < records {
      appender.append(topic: "t".utf8.span.bytes, payload: "x".utf8.span.bytes, at: Timestamp(milliseconds: 1))
    }
    appender.flush()
    _ = log.commitStep()
    return log
  }

  @Test func `a cursor is where it was committed, with its note, after a restart`() throws {
    var log = try openLog()
    var cursor = try log.openCursor("route/siren")
    #expect(cursor.position == 0)
    for position in 1...7 { try cursor.commit(Offset(position), note: [UInt8(position)]) }
    log.close()
    log = try openLog(records: 0)
    let again = try log.openCursor("route/siren")
    #expect(again.position == 7)
    #expect(again.note == [7])
  }

  @Test func `a new cursor begins where it is told`() throws {
    let log = try openLog()
    let cursor = try log.openCursor("route/late", startingAt: log.durableEnd)
    #expect(cursor.position == 100)
  }

  @Test func `a damaged newer slot leaves the older`() throws {
    let log = try openLog()
    var cursor = try log.openCursor("route/r")
    try cursor.commit(10)
    try cursor.commit(20)
    let path = "/data/cursors/route/r"
    let whole = disk.contents(path)!
    // Sequence 2 is in the first slot.
    for position in stride(from: 0, to: 28, by: 1) {
      var damaged = whole
      damaged[position] ^= 0x10
      disk.overwrite(path, damaged)
      let found = try log.openCursor("route/r").position
      #expect(found == 10)
    }
  }

  @Test func `a cursor beyond the log is moved to its end, and its note forgotten`() throws {
    var log = try openLog()
    var cursor = try log.openCursor("uplink/u")
    try cursor.commit(90, note: [1, 2])
    log.close()
    disk.overwrite("/data/log/00000000000000000000.log", [])
    log = try openLog(records: 0)
    cursor = try log.openCursor("uplink/u")
    #expect(cursor.position == 0)
    #expect(cursor.note == [])
  }

  @Test(arguments: ["", "route/", "/etc/passwd", "route/../x", "a/b/c", "route/a b", ".hidden", "route/é"])
  func `names that cannot be file names are refused`(name: String) throws {
    let log = try openLog()
    #expect(throws: StorageError.badConsumerName(name)) { _ = try log.openCursor(name) }
  }
}
