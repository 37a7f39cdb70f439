import Platform
import Records
import Storage
import Support
import Testing

/// No room on the disk, at every place where the log asks for some: survived, and left when there is room again.
struct FullDiskTests {
  @Test func `a log of one segment waits, and goes on when there is room`() throws {
    let bench = try RetentionBench()
    bench.disk.setCapacity(30_000)
    let durable = bench.fill(40)
    #expect((14...16).contains(durable))
    #expect(bench.log.refusal?.reason == .diskFull)
    bench.disk.setCapacity(nil)
    _ = bench.log.commitStep()
    #expect(bench.appender.durableTickets == 40)
    #expect(!bench.log.isRefusing)
    #expect(try bench.numbers() == Array(0..<40))
  }

  /// What the disk refuses once, operation for operation, with a consumer behind.
  @Test func `each operation in turn finds no room, once: nothing is lost but what is said`() throws {
    var operation = 1
    while true {
      let bench = try RetentionBench { $0.maxBytes = 80 << 10 }
      var cursor = try bench.log.openCursor("route/r")
      bench.fill(30)
      let before = bench.disk.operations
      bench.disk.setFault(.once(at: before + operation, errno: 28))
      bench.fill(60)
      let isWhole = bench.disk.operations < before + operation
      bench.disk.setFault(nil)
      let hasFailed = bench.log.failure != nil
      if hasFailed {
        // A sync that failed, for whatever reason: the process ends, and recovery goes by what is on disk.
        let durable = bench.appender.durableTickets
        try bench.reopen(afterPowerCut: UInt64(operation))
        #expect(try bench.numbers().last! >= Int(durable) - 1, "operation \(operation)")
      } else {
        _ = bench.log.commitStep()
        #expect(bench.appender.durableTickets == 90, "operation \(operation)")
        #expect(!bench.log.isRefusing, "operation \(operation)")
      }
      cursor = try bench.log.openCursor("route/r")
      let start = Int(bench.log.startOffset)
      let numbers = try bench.numbers()
      #expect(numbers == Array(numbers[0]..<(numbers[0] + numbers.count)), "operation \(operation)")
      let said = try bench.gaps().reduce(0) { $0 + Int($1.split(separator: "\"count\":")[1].prefix { $0.isNumber })! }
      // What had not been synced when the log failed is there again, and has been said all the same.
      #expect(hasFailed ? said >= start : said == start, "operation \(operation)")
      _ = consume cursor
      if isWhole { break }
      operation += 1
    }
    #expect(operation > 100)
  }

  @Test func `it opens on a full disk, what it has can be read, and it goes on when there is room`() throws {
    let bench = try RetentionBench { $0.whenFull = .refuse }
    bench.fill(50)
    bench.log.close()
    bench.disk.setCapacity(1)
    try bench.reopen()
    #expect(bench.log.refusal?.reason == .diskFull)
    #expect(bench.log.recoveryReport.contains { $0.contains("no room") })
    #expect(try bench.numbers() == Array(0..<50))
    #expect(bench.fill(10) == 0)
    #expect(bench.log.failure == nil)
    bench.disk.setCapacity(nil)
    _ = bench.log.commitStep()
    #expect(bench.appender.durableTickets == 10)
    try bench.reopen()
    #expect(try bench.numbers() == Array(0..<60))
    #expect(bench.log.recoveryReport == [])
  }

  @Test func `also where nobody appends it notices that there is room`() throws {
    let bench = try RetentionBench()
    bench.fill(50)
    bench.log.close()
    bench.disk.setCapacity(1)
    try bench.reopen()
    #expect(bench.log.isRefusing)
    bench.disk.setCapacity(nil)
    _ = bench.log.commitStep()
    #expect(!bench.log.isRefusing)
  }

  @Test func `room for a gap record is enough to begin with, where the oldest may go`() throws {
    let bench = try RetentionBench()
    _ = try bench.log.openCursor("route/r")
    bench.fill(50)
    bench.log.close()
    bench.disk.setCapacity(bench.disk.usedBytes + 2000)
    try bench.reopen()
    _ = try bench.log.openCursor("route/r")
    #expect(!bench.log.isRefusing)
    #expect(bench.fill(30) == 30)
    #expect(bench.log.startOffset > 0)
    #expect(try bench.gaps().count >= 1)
  }

  /// The name of the next segment may be on the disk: recovery would take it for the newest.
  @Test func `nothing is appended while the next segment may be there and may be not`() throws {
    for seed in 1...20 {
      let bench = try RetentionBench()
      let durable = bench.fill(14)
      bench.disk.inject([DiskFault(.error(28), on: [.syncDirectory], path: "/data/log")], seed: 1)
      // Too much for the segment; what comes then would fit, and is taken even by a log that refuses.
      bench.fill(4)
      var deadLetters = bench.log.makeAppender(alsoWhenRefusing: true)
      deadLetters.append(
        topic: "t".utf8.span.bytes, payload: "0x".utf8.span.bytes, at: Timestamp(milliseconds: 1))
      deadLetters.flush()
      #expect(bench.log.commitStep())
      #expect(bench.log.refusal?.reason == .diskFull)
      let known = bench.appender.durableTickets + deadLetters.durableTickets
      #expect(known >= durable)
      try bench.reopen(afterPowerCut: UInt64(seed))
      #expect(try bench.numbers().count >= Int(known), "power cut \(seed)")
      #expect(bench.fill(5) == 5)
    }
  }

  @Test func `a torn tail waits for room to be set aside, and is then`() throws {
    let bench = try RetentionBench()
    bench.fill(5)
    bench.log.close()
    let path = "/data/log/00000000000000000000.log"
    let whole = bench.disk.contents(path)!
    let torn = [UInt8](repeating: 0xEE, count: 700)
    bench.disk.overwrite(path, whole + torn)
    bench.disk.setCapacity(1)
    try bench.reopen()
    #expect(try bench.numbers() == Array(0..<5))
    #expect(bench.log.isRefusing)
    #expect(bench.disk.contents(path) == whole + torn)
    // Room to set it aside, but not for a segment: the next try must not set aside what is left then.
    bench.disk.setCapacity(bench.disk.usedBytes + 800)
    _ = bench.log.commitStep()
    bench.disk.setCapacity(nil)
    #expect(bench.fill(1) == 1)
    #expect(bench.disk.contents("/data/quarantine/00000000000000000000.log.\(whole.count)") == torn)
    #expect(try bench.numbers() == Array(0..<6))
  }

  @Test func `a lost epoch is written before anything is acknowledged under a new one`() throws {
    let bench = try RetentionBench()
    bench.fill(5)
    bench.log.close()
    bench.disk.overwrite("/data/epoch", [])
    bench.disk.setCapacity(1)
    try bench.reopen()
    let epoch = bench.log.epoch
    #expect(bench.fill(1) == 0)
    bench.disk.setCapacity(nil)
    #expect(bench.fill(1) == 2)
    try bench.reopen(afterPowerCut: 1)
    #expect(bench.log.epoch == epoch)
  }

  @Test func `a cursor that has been made can be moved on a full disk`() throws {
    let bench = try RetentionBench()
    bench.fill(50)
    var cursor = try bench.log.openCursor("route/r")
    bench.disk.setCapacity(1)
    for position in 1...5 { try cursor.commit(Offset(position)) }
    bench.disk.powerCycle(seed: 1)
    try bench.reopen()
    let position = try bench.log.openCursor("route/r").position
    #expect(position == 5)
  }

  @Test func `a new cursor works in memory until there is room for it`() throws {
    let bench = try RetentionBench()
    bench.fill(50)
    bench.disk.setCapacity(1)
    var cursor = try bench.log.openCursor("route/new", startingAt: 7)
    #expect(cursor.position == 7)
    #expect(throws: StorageError.self) { try cursor.commit(8) }
    #expect(cursor.position == 7)
    bench.disk.setCapacity(nil)
    try cursor.commit(8)
    let position = try bench.log.openCursor("route/new").position
    #expect(position == 8)
  }
}
