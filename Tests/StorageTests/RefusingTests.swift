import Platform
import Records
import Storage
import Support
import Testing

/// A log that takes nothing, since it or the disk is full: what it holds, what it lets pass, and how it goes on.
struct RefusingTests {
  private func bench(keepFree: Int = 0) throws -> RetentionBench {
    try RetentionBench {
      $0.maxBytes = 80 << 10
      $0.whenFull = .refuse
      $0.keepFree = .bytes(keepFree)
    }
  }

  @Test func `nothing goes and nothing is acknowledged until consumers have moved on`() throws {
    let bench = try bench()
    var cursor = try bench.log.openCursor("uplink/centre")
    let durable = bench.fill(200)
    #expect((60..<82).contains(durable))
    #expect(bench.log.isRefusing)
    #expect(bench.log.startOffset == 0)
    #expect(bench.log.durableEnd == Offset(durable))
    let words = try #require(bench.log.refusal).description
    #expect(words.contains("uplink/centre") && words.contains("`log.maxBytes`"), "\(words)")
    bench.pass(milliseconds: RetentionBench.hour)
    #expect(bench.appender.durableTickets == durable)
    // The oldest segment holds fifteen.
    try cursor.commit(14)
    _ = bench.log.commitStep()
    #expect(bench.log.isRefusing)
    try cursor.commit(15)
    _ = bench.log.commitStep()
    #expect(bench.log.startOffset == 15)
    #expect(bench.appender.durableTickets > durable)
    for _ in 0..<20 {
      try cursor.commit(bench.log.durableEnd)
      _ = bench.log.commitStep()
    }
    #expect(!bench.log.isRefusing && bench.log.refusal == nil && bench.log.metrics.refusal == nil)
    #expect(bench.appender.durableTickets == 200)
    #expect(try bench.numbers().last == 199)
    #expect(bench.log.metrics.dropped.isEmpty)
    #expect(try bench.gaps() == [])
  }

  @Test func `without a consumer everything stays`() throws {
    let bench = try bench()
    let durable = bench.fill(200)
    #expect(bench.log.isRefusing && bench.log.startOffset == 0)
    #expect("\(bench.log.refusal!)".contains("no route or uplink"))
    try bench.reopen()
    #expect(try bench.numbers() == Array(0..<Int(durable)))
    #expect(bench.fill(200) < 20)
  }

  @Test func `a larger limit lets it go on after a restart`() throws {
    let bench = try bench()
    _ = try bench.log.openCursor("uplink/centre")
    bench.fill(200)
    bench.configuration.maxBytes = 1 << 20
    try bench.reopen()
    #expect(bench.fill(200) == 200)
  }

  @Test func `what consumers must write to go on is taken, and others do not slip in with it`() throws {
    let bench = try bench()
    var cursor = try bench.log.openCursor("route/r")
    let durable = bench.fill(200)
    var deadLetters = bench.log.makeAppender(alsoWhenRefusing: true)
    for number in 1...30 {
      bench.append(to: &deadLetters)
      _ = bench.log.commitStep()
      let known = deadLetters.durableTickets
      #expect(known == UInt64(number))
    }
    #expect(bench.log.isRefusing)
    #expect(bench.appender.durableTickets == durable)
    for _ in 0..<20 {
      try cursor.commit(bench.log.durableEnd)
      _ = bench.log.commitStep()
    }
    #expect(bench.appender.durableTickets == 200)
  }

  @Test func `no record overtakes another of its producer that has no room, however small`() throws {
    let bench = try bench()
    bench.fill(5)
    bench.disk.setCapacity(1)
    var deadLetters = bench.log.makeAppender(alsoWhenRefusing: true)
    for payload in [[UInt8](repeating: 7, count: 12_000), [7]] {
      deadLetters.append(topic: "t".utf8.span.bytes, payload: payload.span.bytes, at: Timestamp(milliseconds: 1))
      deadLetters.flush()
      _ = bench.log.commitStep()
      let known = deadLetters.durableTickets
      #expect(known == 0)
    }
    bench.disk.setCapacity(nil)
    _ = bench.log.commitStep()
    _ = bench.log.commitStep()
    let known = deadLetters.durableTickets
    #expect(known == 2)
  }

  @Test func `too little free space refuses, and room on the disk ends it`() throws {
    let bench = try bench(keepFree: 100_000)
    _ = try bench.log.openCursor("route/r")
    bench.disk.setCapacity(150_000)
    let durable = bench.fill(60)
    #expect(durable < 60)
    #expect(bench.log.refusal?.reason == .keepFree)
    #expect("\(bench.log.refusal!)".contains("`log.keepFree`"))
    bench.disk.setCapacity(300_000)
    _ = bench.log.commitStep()
    #expect(!bench.log.isRefusing)
    #expect(bench.appender.durableTickets == 60)
  }

  @Test func `watchers are woken when it begins and when it ends`() throws {
    let bench = try bench()
    var cursor = try bench.log.openCursor("route/r")
    let wakeUp = try WakeUp()
    bench.log.onRefusal(wakeUp)
    bench.fill(30)
    #expect(!wakeUp.wait(milliseconds: 0))
    bench.fill(100)
    #expect(wakeUp.wait(milliseconds: 0))
    for _ in 0..<20 {
      try cursor.commit(bench.log.durableEnd)
      _ = bench.log.commitStep()
    }
    #expect(!bench.log.isRefusing)
    #expect(wakeUp.wait(milliseconds: 0))
  }

  @Test func `who waits for room is let go when everything is to stop, and only then`() throws {
    let directory = TemporaryDirectory()
    var configuration = LogConfiguration(directory: directory.path)
    configuration.segmentBytes = 64 << 10
    configuration.maxBytes = 256 << 10
    configuration.whenFull = .refuse
    let log = try Log.open(configuration)
    var appender = log.makeAppender()
    let payload = [UInt8](repeating: 7, count: 10_000)
    while !log.isRefusing {
      appender.append(topic: "t".utf8.span.bytes, payload: payload.span.bytes, at: Timestamp(milliseconds: 1))
      appender.flush()
    }
    log.endWaiting()
    let error = #expect(throws: StorageError.self) { try appender.flushAndWait() }
    #expect(error == .ended)
    log.close()
    #expect(appender.durableTickets < appender.appendedTickets)
  }
}
