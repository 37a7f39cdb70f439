import Platform
import Records
import Storage
import Support
import Testing

/// Retention as the log carries it out. What it decides is in `RetentionPolicyTests`.
struct RetentionTests {
  @Test func `each consumer that loses something is named in a gap record, and no other`() throws {
    let bench = try RetentionBench { $0.maxBytes = 128 << 10 }
    var behind = try bench.log.openCursor("uplink/behind")
    var half = try bench.log.openCursor("route/half")
    var ahead = try bench.log.openCursor("route/ahead")
    bench.fill(90)
    #expect(bench.log.startOffset == 0)
    try behind.commit(2)
    try half.commit(10)
    try ahead.commit(80)
    bench.fill(60)
    let start = Int(bench.log.startOffset)
    #expect(start > 20)
    let gaps = try bench.gaps()
    let lost = gaps.map { Int($0.split(separator: "\"count\":")[1].prefix { $0.isNumber })! }
    #expect(zip(gaps, lost).filter { $0.0.contains("uplink/behind") }.reduce(0) { $0 + $1.1 } == start - 2)
    #expect(zip(gaps, lost).filter { $0.0.contains("route/half") }.reduce(0) { $0 + $1.1 } == start - 10)
    #expect(!gaps.contains { $0.contains("route/ahead") })
    // The newest of them says what those before it said, too: it may be the only one that is left.
    #expect(try #require(gaps.last { $0.contains("uplink/behind") }).contains(", nor 2 to "))
    #expect(bench.log.metrics.dropped[.maxBytes]?.records == start - 2)
    #expect(bench.log.metrics.retired[.maxBytes]?.records == start)
  }

  @Test func `what every consumer has goes without a word`() throws {
    let bench = try RetentionBench { $0.maxBytes = 128 << 10 }
    var cursor = try bench.log.openCursor("route/r")
    for _ in 0..<300 {
      bench.fill(1)
      try cursor.commit(bench.log.durableEnd)
    }
    #expect(bench.log.startOffset > 100)
    #expect(try bench.gaps().isEmpty)
    #expect(bench.log.metrics.dropped.isEmpty)
  }

  @Test func `records go when they are too old, also where nothing is appended`() throws {
    let bench = try RetentionBench { $0.maxAgeMilliseconds = 10 * RetentionBench.day }
    bench.fill(20)
    bench.pass(milliseconds: 5 * RetentionBench.day)
    bench.fill(1)
    bench.pass(milliseconds: 4 * RetentionBench.day)
    #expect(try bench.numbers() == Array(0..<21))
    bench.pass(milliseconds: RetentionBench.day + RetentionBench.hour)
    // The second segment holds what came five days later, too.
    #expect(try bench.numbers() == [20])
    bench.pass(milliseconds: 6 * RetentionBench.day)
    #expect(try bench.numbers() == [])
    #expect(bench.log.durableEnd == 21)
    #expect(bench.fill(1) == 22)
    #expect(bench.log.metrics.retired[.maxAge]?.records == 21)
  }

  @Test(arguments: [-400, 400, 4000, -20_000])
  func `a step of the wall clock by so many days removes nothing, and is not remembered as age`(days: Int64) throws {
    let bench = try RetentionBench { $0.maxAgeMilliseconds = 10 * RetentionBench.day }
    bench.fill(40)
    bench.pass(milliseconds: RetentionBench.day)
    bench.time.jump(milliseconds: days * Int64(RetentionBench.day))
    bench.pass(milliseconds: RetentionBench.hour)
    bench.fill(20)
    try bench.reopen()
    bench.pass(milliseconds: RetentionBench.hour)
    bench.time.jump(milliseconds: -days * Int64(RetentionBench.day))
    bench.pass(milliseconds: RetentionBench.hour)
    #expect(try bench.numbers() == Array(0..<60))
    bench.pass(milliseconds: 11 * RetentionBench.day)
    #expect(try bench.numbers() == [])
  }

  @Test(arguments: [true, false])
  func `ages are kept across restarts, and without the history everything is young`(isKept: Bool) throws {
    let bench = try RetentionBench { $0.maxAgeMilliseconds = 10 * RetentionBench.day }
    bench.fill(40)
    bench.pass(milliseconds: 9 * RetentionBench.day)
    bench.log.close()
    if !isKept { bench.disk.overwrite("/data/history", [1, 2, 3]) }
    try bench.reopen()
    #expect(bench.log.recoveryReport == [])
    bench.pass(milliseconds: 2 * RetentionBench.day)
    #expect(try bench.numbers() == (isKept ? [] : Array(0..<40)))
    bench.pass(milliseconds: 10 * RetentionBench.day)
    #expect(try bench.numbers() == [])
  }

  @Test func `without the history, what the records' times say is believed by and by`() throws {
    let bench = try RetentionBench { $0.maxAgeMilliseconds = 10 * RetentionBench.day }
    bench.fill(40)
    while bench.log.sealStep() {}
    bench.log.close()
    bench.time.jump(milliseconds: Int64(100 * RetentionBench.day))
    bench.disk.overwrite("/data/history", [])
    try bench.reopen()
    bench.pass(milliseconds: 4 * RetentionBench.day)
    #expect(try bench.numbers() == Array(0..<40))
    bench.pass(milliseconds: RetentionBench.day + RetentionBench.hour)
    // The newest segment has no index that would tell.
    #expect(try bench.numbers() == Array(30..<40))
  }

  @Test func `a reader whose segment goes with its blocks passes on, and calls nothing damaged`() throws {
    let bench = try RetentionBench {
      $0.keepFree = .bytes(0)
      $0.segmentBytes = 128 << 10
    }
    bench.fill(300)
    var reader = bench.log.makeReader(at: 0)
    _ = try reader.next()
    bench.disk.setCapacity(bench.disk.usedBytes + 1000)
    // With the reader's file still open, its blocks are what the next segment needs.
    #expect(bench.fill(150) == 450)
    let start = bench.log.startOffset
    #expect(start > 0)
    var found: [Offset] = []
    while let record = try reader.next() { found.append(record.offset) }
    let missing = Int(bench.log.durableEnd) - 1 - found.count
    let skipped = reader.skippedRecords
    #expect(skipped == missing && missing > 0)
    #expect(bench.log.segments.allSatisfy { !$0.isDamaged })
  }

  @Test func `the oldest go to leave the share of the disk free that is to be`() throws {
    let bench = try RetentionBench { $0.keepFree = .bytes(150_000) }
    bench.disk.setCapacity(300_000)
    bench.fill(400)
    #expect(bench.log.startOffset > 0)
    let free = try bench.disk.space("/data").free
    #expect((150_000..<190_000).contains(free))
    #expect(bench.log.metrics.retired[.keepFree] != nil)
    // Others fill it: the log does not pay for them, but grows no more.
    let numbers = try bench.numbers().count
    bench.disk.setCapacity(150_000)
    bench.pass(milliseconds: RetentionBench.hour)
    #expect(try bench.numbers().count == numbers)
    bench.fill(200)
    #expect((numbers - 40...numbers + 20).contains(try bench.numbers().count))
  }

  @Test func `on a full disk the oldest go, and what is lost is said, whatever the size of the log`() throws {
    let bench = try RetentionBench { $0.keepFree = .bytes(0) }
    _ = try bench.log.openCursor("route/r")
    bench.disk.setCapacity(150_000)
    #expect(bench.fill(500) == 500)
    let gaps = try bench.gaps()
    #expect(bench.log.metrics.retired[.diskFull]?.records == Int(bench.log.startOffset))
    #expect(gaps.allSatisfy { $0.contains("not consumed by route/r") } && !gaps.isEmpty)
  }

  /// The reserve of the newest segment is what the gap record goes to.
  @Test func `what goes is said in the log before it goes, wherever the power fails`() throws {
    var operation = 1
    while true {
      let bench = try RetentionBench { $0.maxBytes = 80 << 10 }
      _ = try bench.log.openCursor("route/r")
      bench.fill(74)
      let before = bench.disk.operations
      bench.disk.crash(afterOperation: before + operation)
      bench.fill(6)
      let isWhole = !bench.disk.hasCrashed
      bench.disk.crash(afterOperation: nil)
      try bench.reopen(afterPowerCut: UInt64(operation))
      let start = bench.log.startOffset
      let said = try bench.gaps().contains { $0.contains("offsets 0 to \(start - 1),") }
      #expect(start == 0 || said, "the power failed after operation \(operation)")
      if isWhole {
        #expect(start > 0)
        break
      }
      operation += 1
    }
    #expect(operation > 20)
  }

  @Test func `what the log has written is remembered, sooner or later`() throws {
    let bench = try RetentionBench()
    bench.fill(100)
    let written = bench.log.metrics.bytesWrittenTotal
    // Each batch touches a block at least.
    #expect(written >= 100 * 4096)
    #expect(bench.log.metrics.bytesWrittenPerDay == nil)
    try bench.reopen()
    #expect(bench.log.metrics.bytesWrittenTotal >= written)
    bench.pass(milliseconds: RetentionBench.day)
    let perDay = try #require(bench.log.metrics.bytesWrittenPerDay)
    // The history itself is written once an hour.
    #expect((written..<(written + 50 * 4096)).contains(perDay))
    try bench.reopen(afterPowerCut: 1)
    #expect(bench.log.metrics.runningMilliseconds >= Int64(RetentionBench.day - 2 * RetentionBench.hour))
  }

  @Test func `the oldest and the newest record's times are known, and stay so`() throws {
    let bench = try RetentionBench { $0.maxBytes = 80 << 10 }
    #expect(bench.log.metrics.oldestRecord == nil && bench.log.metrics.newestRecord == nil)
    let start = bench.time.wallMilliseconds()
    for _ in 0..<100 {
      bench.fill(1)
      bench.time.advance(milliseconds: 1000)
    }
    let newest = start + 99_000
    let oldest = start + Int64(try bench.numbers()[0]) * 1000
    #expect(bench.log.metrics.oldestRecord?.milliseconds == oldest)
    #expect(bench.log.metrics.newestRecord?.milliseconds == newest)
    try bench.reopen()
    #expect(bench.log.metrics.oldestRecord?.milliseconds == oldest)
    #expect(bench.log.metrics.newestRecord?.milliseconds == newest)
  }
}
