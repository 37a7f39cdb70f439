import Bytes
import Records
import Routing
import Storage
import Support
import Testing

struct DeliveryLoopTests {
  @Test func `everything that matches is delivered once, in batches, and the cursor follows`() throws {
    let bench = try Bench()
    bench.append((0..<600).map { "line/\($0)" })
    let loop = try bench.makeLoop()
    #expect(bench.run(loop) == .untilWoken)
    #expect(bench.handler.deliveries.map(\.count) == [256, 256, 88])
    #expect(bench.handler.deliveries.flatMap { $0 } == Array(0..<600))
    #expect(try bench.savedPosition() == 600)
    #expect(loop.currentStatus.state == "up to date")
    #expect(loop.currentStatus.delivered == 600)
  }

  @Test func `a batch ends with the record that makes it large`() throws {
    let bench = try Bench()
    bench.append((0..<10).map { "line/\($0)" }, payload: String(repeating: "x", count: 100_000))
    _ = bench.run(try bench.makeLoop())
    #expect(bench.handler.deliveries.map(\.count) == [3, 3, 3, 1])
  }

  @Test func `what does not match is passed over, and the cursor saved only now and then`() throws {
    var bench = try Bench()
    bench.configuration.topics = ["+/alarm"]
    bench.append(["a/temp", "a/alarm", "a/temp", "b/alarm/x"])
    let loop = try bench.makeLoop()
    #expect(bench.run(loop) == .untilWoken)
    #expect(bench.handler.deliveries == [[1]])
    // The batch went up to the end of the log.
    #expect(try bench.savedPosition() == 4)
    for round in 1...5 {
      bench.append(["a/temp"])
      #expect(bench.run(loop) == .milliseconds(1000 - (round - 1) * 100))
      #expect(try bench.savedPosition() == 4)
      #expect(loop.currentStatus.position == 4 + Offset(round))
      bench.time.advance(milliseconds: 100)
    }
    bench.time.advance(milliseconds: 500)
    #expect(bench.run(loop) == .untilWoken)
    #expect(try bench.savedPosition() == 9)
    bench.append(["a/temp"])
    _ = bench.run(loop)
    loop.finish()
    #expect(try bench.savedPosition() == 10)
    #expect(bench.handler.isStopped)
    #expect(bench.handler.deliveries == [[1]])
  }

  @Test func `a refused record is tried again alone after each delay, and then the rest follows`() throws {
    let bench = try Bench()
    bench.append((0..<5).map { "line/\($0)" })
    bench.handler.refuse(after: 2)
    bench.handler.refuse()
    let loop = try bench.makeLoop()
    #expect(bench.run(loop) == .milliseconds(1000))
    #expect(try bench.savedPosition() == 2)
    #expect(loop.currentStatus.lastError == "record 2: bad")
    bench.time.advance(milliseconds: 999)
    #expect(bench.run(loop) == .milliseconds(1))
    bench.time.advance(milliseconds: 1)
    #expect(bench.run(loop) == .milliseconds(2000))
    bench.time.advance(milliseconds: 2000)
    #expect(bench.run(loop) == .untilWoken)
    #expect(bench.handler.deliveries == [[0, 1, 2, 3, 4], [2], [2], [3, 4]])
    #expect(try bench.savedPosition() == 5)
    #expect(loop.currentStatus.lastError == nil)
    #expect(loop.currentStatus.retries == 2)
    #expect(loop.currentStatus.delivered == 5)
  }

  @Test func `what was accepted behind a refused record is not delivered again`() throws {
    let bench = try Bench()
    bench.append((0..<6).map { "line/\($0)" })
    bench.handler.refuse(after: 1, beyond: [2, 4])
    let loop = try bench.makeLoop()
    _ = bench.run(loop)
    bench.time.advance(milliseconds: 1000)
    #expect(bench.run(loop) == .untilWoken)
    #expect(bench.handler.deliveries == [[0, 1, 2, 3, 4, 5], [1], [3, 5]])
    #expect(loop.currentStatus.delivered == 6)
    #expect(try bench.savedPosition() == 6)
  }

  @Test func `a record that always fails becomes a dead letter, and the rest is delivered`() throws {
    let bench = try Bench()
    var headers = RecordHeaders()
    headers.add(RecordHeaderKey.source, "mqtt:pump")
    bench.append(["a/alarm", "b/alarm", "c/alarm"], payload: "hot", headers: headers)
    let loop = try bench.makeLoop()
    bench.handler.refuse(after: 1, "no siren")
    bench.handler.refuse(after: 0, "no siren")
    bench.handler.refuse(after: 0, "no siren")
    _ = bench.run(loop)
    bench.time.advance(milliseconds: 1000)
    _ = bench.run(loop)
    bench.time.advance(milliseconds: 2000)
    // The route waits for the disk before it goes on.
    #expect(bench.run(loop) == .untilWoken)
    #expect(bench.run(loop) == .untilWoken)
    #expect(bench.handler.deliveries == [[0, 1, 2], [1], [1]])
    #expect(try bench.savedPosition() == 1)
    _ = bench.log.commitStep()
    #expect(bench.run(loop) == .untilWoken)
    #expect(bench.handler.deliveries.last == [2])
    let letter = try #require(try bench.records().last)
    #expect(String(decoding: letter.topic, as: UTF8.self) == "$forebay/dead-letter/siren")
    #expect(String(decoding: letter.payload, as: UTF8.self) == "hot")
    #expect(letter.view.header(RecordHeaderKey.reason) == "no siren")
    #expect(letter.view.header(RecordHeaderKey.attempts) == "3")
    #expect(letter.view.header(RecordHeaderKey.originalOffset) == "1")
    #expect(letter.view.header(RecordHeaderKey.originalTopic) == "b/alarm")
    #expect(letter.view.header(RecordHeaderKey.source) == "mqtt:pump")
    #expect(loop.currentStatus.deadLettered == 1)
  }

  @Test func `dead letters come round to no route twice`() throws {
    var bench = try Bench()
    bench.configuration.topics = ["$forebay/#"]
    bench.configuration.retry.attempts = 1
    bench.append(["$forebay/dead-letter/siren", "$forebay/dead-letter/other", "$forebay/gap"])
    bench.handler.refuse()
    let loop = try bench.makeLoop()
    _ = bench.run(loop)
    _ = bench.log.commitStep()
    _ = bench.run(loop)
    #expect(bench.handler.deliveries == [[1, 2], [2]])
    #expect(try bench.records().count == 3)
    #expect(loop.currentStatus.deadLettered == 0)
  }

  @Test func `a handler that is not there is tried without end and loses nothing`() throws {
    let bench = try Bench()
    bench.append(["a", "b"])
    for _ in 0..<50 {
      bench.handler.outcomes.append { _ in DeliveryOutcome(accepted: 0, problem: .handler("no such file")) }
    }
    let loop = try bench.makeLoop()
    for _ in 0..<50 {
      guard case .milliseconds(let pause) = bench.run(loop) else { break }
      #expect(loop.currentStatus.lastError == "no such file")
      bench.time.advance(milliseconds: pause)
    }
    #expect(bench.run(loop) == .untilWoken)
    #expect(bench.handler.deliveries.count == 51)
    #expect(bench.handler.deliveries.last == [0, 1])
    #expect(try bench.records().count == 2)
  }

  @Test func `attempts are counted across restarts`() throws {
    let bench = try Bench()
    bench.append(["a", "b"])
    for attempt in 1...3 {
      bench.handler.refuse()
      let loop = try bench.makeLoop()
      #expect(bench.handler.deliveries.count == attempt - 1)
      _ = bench.run(loop)
      // Killed: nothing is finished.
    }
    #expect(bench.handler.deliveries == [[0, 1], [0], [0]])
    _ = bench.log.commitStep()
    #expect(try bench.records().count == 3)
    // The dead letter is on disk, but the cursor was not moved: the last attempt comes again, not all of them.
    bench.handler.refuse()
    let loop = try bench.makeLoop()
    _ = bench.run(loop)
    _ = bench.log.commitStep()
    _ = bench.run(loop)
    #expect(bench.handler.deliveries.dropFirst(3).first == [0])
    #expect(bench.handler.deliveries.last?.first == 1)
  }

  @Test func `a stop in the middle keeps what was accepted and blames nobody`() throws {
    let bench = try Bench()
    bench.append(["a", "b", "c"])
    bench.handler.outcomes.append { _ in DeliveryOutcome(accepted: 1, problem: .interrupted) }
    let loop = try bench.makeLoop()
    _ = loop.step()
    loop.finish()
    #expect(try bench.savedPosition() == 1)
    #expect(loop.currentStatus.retries == 0)
    #expect(loop.currentStatus.state == "stopped")
  }

  @Test func `a dead letter gets into a log that refuses, so that the route can make room in it`() throws {
    let bench = try Bench {
      $0.maxBytes = 256 << 10
      $0.whenFull = .refuse
    }
    let loop = try bench.makeLoop()
    while !bench.log.isRefusing { bench.append(["line/1"], payload: String(repeating: "x", count: 10_000)) }
    let start = bench.log.startOffset
    for _ in 0..<3 { bench.handler.refuse() }
    for _ in 0..<100 {
      _ = bench.run(loop)
      _ = bench.log.commitStep()
      bench.time.advance(milliseconds: 1000)
    }
    #expect(loop.currentStatus.deadLettered == 1)
    #expect(loop.currentStatus.state == "up to date")
    #expect(!bench.log.isRefusing)
    #expect(bench.log.startOffset > start)
  }

  @Test func `nothing is delivered while the disk refuses the cursor`() throws {
    let bench = try Bench()
    bench.append(["a", "b"])
    let loop = try bench.makeLoop()
    bench.handler.outcomes.append { _ in
      bench.disk.setFault(.from(bench.disk.operations + 1, errno: 5))
      return DeliveryOutcome(accepted: 2)
    }
    let waits = (0..<6).map { _ in
      guard case .milliseconds(let wait) = bench.run(loop) else { return 0 }
      bench.time.advance(milliseconds: wait)
      return wait
    }
    // A second, doubled each time up to ten, and less a fifth for the spread.
    #expect(waits == [800, 1600, 3200, 6400, 8000, 8000])
    #expect(loop.currentStatus.state == "waiting for the disk")
    #expect(loop.currentStatus.saveFailures == 6)
    #expect(loop.currentStatus.position == 2)
    bench.disk.setFault(nil)
    bench.append(["c"])
    #expect(bench.run(loop) == .untilWoken)
    #expect(loop.currentStatus.lastError == nil)
    #expect(bench.handler.deliveries == [[0, 1], [2]])
    #expect(try bench.savedPosition() == 3)
  }

  @Test(
    arguments: [
      ("", ["#"], "cannot name a route"), ("a/b", ["#"], "cannot name a route"), ("a b", ["#"], "cannot name a route"),
      ("a", [], "has no topics"), ("a", ["x/#/y"], "a wildcard must fill a whole level"),
    ] as [(String, [String], String)])
  func `mistakes are named`(name: String, topics: [String], words: String) throws {
    var bench = try Bench()
    bench.configuration.name = name
    bench.configuration.topics = topics
    let error = #expect(throws: RoutingError.self) { _ = try bench.makeLoop() }
    #expect(error?.description.contains(words) == true)
  }
}
