import Bytes
import Platform
import Records
import Storage
import Support
import Testing

struct LogTests {
  private let time = ManualTime()

  private func open(_ disk: FaultyDisk, segmentBytes: Int = 1 << 16) throws -> Log {
    var configuration = LogConfiguration(directory: "/data")
    configuration.segmentBytes = segmentBytes
    return try Log.open(configuration, disk: disk, time: time, startsThreads: false)
  }

  private func append(_ payloads: [String], to appender: inout Appender) {
    for payload in payloads {
      appender.append(
        topic: "t".utf8.span.bytes, payload: payload.utf8.span.bytes,
        at: Timestamp(milliseconds: time.wallMilliseconds()))
    }
    appender.flush()
  }

  private func payloads(_ log: Log, from offset: Offset = 0) throws -> [String] {
    var reader = log.makeReader(at: offset)
    var found: [String] = []
    while let record = try reader.next() { found.append(record.payload.text) }
    return found
  }

  @Test func `what was appended is read back in order once it is durable, and not before`() throws {
    let log = try open(FaultyDisk())
    var appender = log.makeAppender()
    append(["a", "b"], to: &appender)
    #expect(appender.durableTickets == 0)
    #expect(try payloads(log) == [])
    #expect(log.commitStep())
    #expect(appender.durableTickets == 2)
    #expect(log.durableEnd == 2)
    #expect(try payloads(log) == ["a", "b"])
    #expect(try payloads(log, from: 1) == ["b"])
  }

  @Test func `a reader that has caught up goes on when more is durable`() throws {
    let log = try open(FaultyDisk())
    var appender = log.makeAppender()
    var reader = log.makeReader(at: 0)
    for round in 0..<50 {
      append(["\(round)"], to: &appender)
      #expect(try reader.next() == nil)
      #expect(log.commitStep())
      let found = try reader.next()?.payload.text
      #expect(found == "\(round)")
    }
  }

  @Test func `records of two producers keep each producer's order`() throws {
    let log = try open(FaultyDisk())
    var first = log.makeAppender()
    var second = log.makeAppender()
    append(["a1", "a2"], to: &first)
    append(["b1"], to: &second)
    append(["a3"], to: &first)
    #expect(log.commitStep())
    #expect(try payloads(log).filter { $0.hasPrefix("a") } == ["a1", "a2", "a3"])
    #expect(try payloads(log).count == 4)
    #expect(first.durableTickets == 3)
    #expect(second.durableTickets == 1)
  }

  @Test func `a log that is closed and opened again goes on where it stopped, with the same epoch`() throws {
    let disk = FaultyDisk()
    var log = try open(disk)
    let epoch = log.epoch
    var appender = log.makeAppender()
    append(["a", "b"], to: &appender)
    log.close()
    _ = log.commitStep()
    log = try open(disk)
    #expect(log.epoch == epoch)
    #expect(log.recoveryReport == [])
    appender = log.makeAppender()
    append(["c"], to: &appender)
    #expect(log.commitStep())
    #expect(try payloads(log) == ["a", "b", "c"])
  }

  @Test func `segments roll at their size and are read across`() throws {
    let disk = FaultyDisk()
    let log = try open(disk, segmentBytes: 4096)
    var appender = log.makeAppender()
    for index in 0..<40 {
      append([String(repeating: "x", count: 500) + "\(index)"], to: &appender)
      #expect(log.commitStep())
    }
    #expect(log.segments.count > 4)
    #expect(disk.contents("/data/log/00000000000000000000.log")!.count <= 4096)
    #expect(try payloads(log).map { $0.drop { $0 == "x" } } == (0..<40).map { "\($0)" })
    #expect(try payloads(log, from: 33).count == 7)
  }

  @Test func `a record larger than a segment gets a segment of its own`() throws {
    let log = try open(FaultyDisk(), segmentBytes: 4096)
    var appender = log.makeAppender()
    let large = String(repeating: "y", count: 20_000)
    append(["a"], to: &appender)
    #expect(log.commitStep())
    append([large], to: &appender)
    #expect(log.commitStep())
    append(["b"], to: &appender)
    #expect(log.commitStep())
    #expect(try payloads(log) == ["a", large, "b"])
  }

  @Test func `a second process on the same directory is refused`() throws {
    let disk = FaultyDisk()
    let log = try open(disk)
    #expect(throws: StorageError.locked(directory: "/data", process: 1)) { _ = try open(disk) }
    log.close()
    _ = try open(disk)
  }

  @Test func `a failed sync acknowledges nothing, and nothing after it`() throws {
    let disk = FaultyDisk()
    let log = try open(disk)
    var appender = log.makeAppender()
    append(["a"], to: &appender)
    #expect(log.commitStep())
    append(["b"], to: &appender)
    // The write succeeds, the sync behind it does not.
    disk.setFault(.once(at: disk.operations + 2, errno: 5))
    #expect(!log.commitStep())
    #expect(appender.durableTickets == 1)
    #expect(log.failure != nil)
    append(["c"], to: &appender)
    #expect(!log.commitStep())
    #expect(appender.durableTickets == 1)
  }

  @Test func `a producer that waits for a failed log gets the failure`() throws {
    let directory = TemporaryDirectory()
    let log = try Log.open(LogConfiguration(directory: directory.path))
    var appender = log.makeAppender()
    append(["a"], to: &appender)
    try appender.flushAndWait()
    #expect(appender.durableTickets == 1)
    log.close()
  }

  @Test func `the commit buffer is full when as much waits as it may hold`() throws {
    var configuration = LogConfiguration(directory: "/data")
    configuration.commitBufferBytes = 10_000
    configuration.segmentBytes = 1 << 16
    let log = try Log.open(configuration, disk: FaultyDisk(), time: time, startsThreads: false)
    var appender = log.makeAppender()
    append([String(repeating: "z", count: 6000)], to: &appender)
    let hasRoomAtFirst = appender.hasRoom
    append([String(repeating: "z", count: 6000)], to: &appender)
    let hasRoomWhenFull = appender.hasRoom
    #expect(log.commitStep())
    let hasRoomAfterwards = appender.hasRoom
    #expect((hasRoomAtFirst, hasRoomWhenFull, hasRoomAfterwards) == (true, false, true))
  }

  @Test func `the oldest segments go when the log is at its limit, and what a consumer missed is a gap record`() throws
  {
    let disk = FaultyDisk()
    var configuration = LogConfiguration(directory: "/data")
    configuration.segmentBytes = 4096
    configuration.maxBytes = 300_000
    let log = try Log.open(configuration, disk: disk, time: time, startsThreads: false)
    var cursor = try log.openCursor("uplink/centre")
    var appender = log.makeAppender()
    for index in 0..<1000 {
      append([String(repeating: "x", count: 500) + "\(index)"], to: &appender)
      #expect(log.commitStep())
    }
    let total = log.segments.reduce(0) { $0 + $1.bytes }
    #expect(total <= 300_000)
    #expect(log.startOffset > 0)
    #expect(log.metrics.recordsDropped == Int(log.startOffset))
    var reader = log.makeReader(at: 0)
    var gaps = 0
    while let record = try reader.next() {
      guard record.topic.text == "$forebay/gap" else { continue }
      #expect(record.payload.text.contains(#""reason":"retention""#))
      #expect(record.payload.text.contains("uplink/centre"))
      gaps += 1
    }
    #expect(gaps > 0)
    #expect(reader.skippedRecords == Int(log.startOffset))
    try cursor.commit(log.durableEnd)
    let dropped = log.metrics.recordsDropped
    for _ in 0..<100 {
      append([String(repeating: "x", count: 500)], to: &appender)
      #expect(log.commitStep())
    }
    #expect(log.metrics.recordsDropped == dropped)
  }

  @Test func `a full disk acknowledges nothing until there is room, and loses nothing`() throws {
    let disk = FaultyDisk()
    let log = try open(disk, segmentBytes: 4096)
    var appender = log.makeAppender()
    append([String(repeating: "x", count: 3900)], to: &appender)
    #expect(log.commitStep())
    append(["after"], to: &appender)
    // The sync of the segment; create: list, open, and the allocation that fails
    disk.setFault(.once(at: disk.operations + 4, errno: 28))
    append([String(repeating: "y", count: 3000)], to: &appender)
    #expect(log.commitStep())
    #expect(log.isRefusing)
    let durableWhenFull = appender.durableTickets
    #expect(durableWhenFull < 3)
    #expect(log.commitStep())
    #expect(log.failure == nil)
    #expect(!log.isRefusing)
    #expect(try payloads(log).count == 3)
    #expect(disk.paths.allSatisfy { !$0.hasSuffix(".new") })
  }

  @Test func `a log that is closed while the disk is full ends, and what it had not acknowledged is not there`() throws
  {
    let disk = FaultyDisk()
    let log = try open(disk, segmentBytes: 4096)
    var appender = log.makeAppender()
    append([String(repeating: "x", count: 3900)], to: &appender)
    #expect(log.commitStep())
    // The sync of the segment still works; from the next one's first operation on there is no room.
    disk.setFault(.from(disk.operations + 2, errno: 28))
    append([String(repeating: "y", count: 3000)], to: &appender)
    log.close()
    #expect(log.commitStep())
    #expect(appender.durableTickets == 1)
    #expect(log.failure == nil)
    disk.setFault(nil)
    #expect(try payloads(try open(disk)).count == 1)
  }
}
