import Bytes
import Platform
import Records
import Storage
import Support
import Synchronization
import Testing
import Uplink
import Wire

/// A Kafka uplink over several topics, partitions and brokers: each record once, and in order where it goes.
@Suite(.serialized, .timeLimit(.minutes(1))) struct KafkaSpreadTests {
  private typealias Place = StrictKafkaBroker.Place
  private let directory = TemporaryDirectory()

  private func append(_ log: Log, _ numbers: Range<Int>) throws {
    var appender = log.makeAppender()
    for number in numbers {
      let topic = number % 10 == 7 ? "plant/\(number % 20)/alarm" : "plant/\(number % 20)/temp"
      appender.append(
        topic: topic.utf8.span.bytes, payload: "\(number)".utf8.span.bytes,
        at: Timestamp(milliseconds: 1_700_000_000_000))
    }
    try appender.flushAndWait()
  }

  private func start(
    _ broker: StrictKafkaBroker, _ log: Log, records: Int = 25,
    _ change: (inout UplinkConfiguration, inout KafkaTargetConfiguration) throws -> Void
  ) throws -> Uplink {
    var kafka = KafkaTargetConfiguration(brokers: [broker.address], topic: "t")
    var configuration = UplinkConfiguration(name: "k", target: .kafka(kafka))
    configuration.shipmentRecords = records
    try change(&configuration, &kafka)
    configuration.target = .kafka(kafka)
    return try Uplink.start(
      configuration, gateway: "g", log: log, backoff: Backoff(firstMilliseconds: 20, longestMilliseconds: 100))
  }

  private func byKey(_ configuration: inout UplinkConfiguration, _ kafka: inout KafkaTargetConfiguration) throws {
    kafka.partitioning = .key
    kafka.rules = [.init(filters: [try TopicFilter("+/+/alarm")], topic: "alarms")]
  }

  private func waitForPosition(_ uplink: Uplink, _ position: Offset) throws {
    try waitUntil(seconds: 20, "position \(position); \(uplink.status)") { uplink.status.position >= position }
  }

  /// Every number of `numbers` is stored once, in order within each partition, where its device's topic belongs.
  private func expectSpread(_ numbers: Range<Int>, at broker: StrictKafkaBroker, counts: [String: Int]) {
    let state = broker.state.withLock { $0 }
    #expect(state.problems == [])
    var seen: [Int] = []
    for (place, partition) in state.partitions {
      let stored = partition.stored.compactMap { Int($0.split(separator: "=")[1]) }
      #expect(zip(stored, stored.dropFirst()).allSatisfy { $0 < $1 }, "\(place) is not in order")
      #expect(partition.stored == stored.map { "\($0)=\($0)" })
      for key in partition.keys {
        let expected = KafkaPartitioner.partition(of: key.utf8.span.bytes, count: Int32(counts[place.topic]!))
        #expect(place.index == Int(expected))
        #expect(key.hasSuffix("/alarm") == (place.topic == "alarms"))
      }
      seen += stored
    }
    #expect(seen.sorted() == Array(numbers))
    #expect(state.partitions.count > 5)
  }

  @Test func `records go to topics by rules and to partitions by key, over several brokers`() throws {
    let counts = ["t": 7, "alarms": 3]
    let broker = try StrictKafkaBroker(topics: counts, brokers: 3)
    let log = try Log.open(LogConfiguration(directory: directory.path))
    try append(log, 0..<600)
    var uplink = try start(broker, log, byKey)
    try waitForPosition(uplink, 600)
    uplink.stop()
    // Another life knows no more how far each partition was: it has another producer.
    try append(log, 600..<900)
    uplink = try start(broker, log, byKey)
    try waitForPosition(uplink, 900)
    uplink.stop()
    broker.stop()
    log.close()
    expectSpread(0..<900, at: broker, counts: counts)
  }

  @Test func `lost answers, moved leaders and restarts leave no record out and none twice`() throws {
    let counts = ["t": 7, "alarms": 3]
    let broker = try StrictKafkaBroker(topics: counts, brokers: 3)
    let log = try Log.open(LogConfiguration(directory: directory.path))
    try append(log, 0..<1000)
    broker.state.withLock { $0.mood = { _, produced in produced % 40 == 20 ? -2 : 0 } }
    var uplink = try start(broker, log, byKey)
    for round in 1...3 {
      try waitForPosition(uplink, Offset(round) * 150)
      broker.state.withLock { $0.shift = round }
      uplink.stop()
      uplink = try start(broker, log, byKey)
    }
    // The leaders move beside the running uplink, too.
    broker.state.withLock { $0.shift = 4 }
    try append(log, 1000..<1200)
    broker.state.withLock { $0.mood = { _, _ in 0 } }
    try waitForPosition(uplink, 1200)
    uplink.stop()
    broker.stop()
    log.close()
    expectSpread(0..<1200, at: broker, counts: counts)
  }

  /// Answers that are lost, refusals that pass, batches too large, leaders that move and restarts, as the seed has it.
  @Test(arguments: 1...6) func `whatever happens, each record is there once and in order`(seed: UInt64) throws {
    let counts = ["t": 5, "alarms": 2]
    let broker = try StrictKafkaBroker(topics: counts, brokers: 3)
    let random = Mutex(SeededGenerator(seed: seed))
    func oneIn(_ count: Int) -> Bool { random.withLock { $0.oneIn(count) } }
    broker.state.withLock { state in
      state.mood = { payloads, _ in
        random.withLock { random in
          // What is too large is so every time.
          if payloads.count > 3 + Int(seed % 4) { return 10 }
          if random.oneIn(60) { return -2 }
          return random.oneIn(60) ? [6, 7, 19, 5, 74][random.below(5)] : 0
        }
      }
    }
    let log = try Log.open(LogConfiguration(directory: directory.path))
    var appended = 0
    var uplink = try start(broker, log, byKey)
    for _ in 0..<12 {
      let count = 1 + random.withLock { $0.below(80) }
      try append(log, appended..<(appended + count))
      appended += count
      if oneIn(2) { try waitForPosition(uplink, Offset(appended - count / 2)) }
      if oneIn(3) { broker.state.withLock { $0.shift += 1 } }
      if oneIn(3) {
        uplink.stop()
        uplink = try start(broker, log, byKey)
      }
    }
    // What is too large stays so: a batch whose first half is stored already would not be known again as a whole.
    broker.state.withLock { $0.mood = { payloads, _ in payloads.count > 3 + Int(seed % 4) ? 10 : 0 } }
    try waitForPosition(uplink, Offset(appended))
    uplink.stop()
    broker.stop()
    log.close()
    expectSpread(0..<appended, at: broker, counts: counts)
  }

  @Test func `of a shipment over several partitions only what is too large goes in halves`() throws {
    let counts = ["t": 7, "alarms": 3]
    let broker = try StrictKafkaBroker(topics: counts, brokers: 2)
    broker.state.withLock { $0.mood = { payloads, _ in payloads.count > 4 || payloads.contains("217") ? 10 : 0 } }
    let log = try Log.open(LogConfiguration(directory: directory.path))
    try append(log, 0..<400)
    let uplink = try start(broker, log, records: 100, byKey)
    try waitForPosition(uplink, 400)
    #expect(uplink.status.deadLetters == 1)
    uplink.stop()
    broker.stop()
    log.close()
    let stored = broker.state.withLock { $0.partitions.values.flatMap(\.stored) }
    #expect(stored.compactMap { Int($0.split(separator: "=")[1]) }.sorted() == (0..<400).filter { $0 != 217 })
  }

  @Test func `pieces that are stored are not sent again behind a lost answer`() throws {
    let broker = try StrictKafkaBroker()
    // Small pieces alone; and of those the answer to every ninth is lost, when five others have been stored since.
    broker.state.withLock { $0.mood = { payloads, count in payloads.count > 2 ? 10 : count % 9 == 0 ? -2 : 0 } }
    let log = try Log.open(LogConfiguration(directory: directory.path))
    try append(log, 0..<60)
    let uplink = try start(broker, log, records: 60) { _, _ in }
    try waitForPosition(uplink, 60)
    #expect(uplink.status.retries > 1)
    uplink.stop()
    broker.stop()
    log.close()
    #expect(broker.state.withLock { $0.stored } == (0..<60).map { "\($0)=\($0)" })
  }

  @Test func `what was left behind says so, and is in order beside what comes`() throws {
    let broker = try StrictKafkaBroker()
    let log = try Log.open(LogConfiguration(directory: directory.path))
    try append(log, 0..<3000)
    // Slow enough for records to come meanwhile.
    let uplink = try start(broker, log, records: 10) { configuration, _ in
      configuration.order = .freshFirst
      configuration.maxBytesPerSecond = 20_000
    }
    try waitUntil("the backlog is on its way; \(uplink.status)") { uplink.status.shippedRecords > 0 }
    #expect(uplink.status.leftBehindRecords > 0)
    try append(log, 3000..<3005)
    try waitUntil("the fresh ones; \(uplink.status)") {
      broker.state.withLock { $0.stored.contains("3004=3004") }
    }
    #expect(uplink.status.leftBehindRecords > 0, "they were first")
    try waitUntil(seconds: 20, "everything; \(uplink.status)") { uplink.status.position >= 3005 }
    uplink.stop()
    broker.stop()
    log.close()
    let partition = broker.state.withLock { $0.partitions[Place(topic: "t", index: 0)]! }
    let lanes = Dictionary(grouping: zip(partition.stored, partition.lanes), by: \.1).mapValues { $0.map(\.0) }
    #expect(lanes["backlog"] == (0..<3000).map { "\($0)=\($0)" })
    #expect(lanes[""] == (3000..<3005).map { "\($0)=\($0)" })
  }
}
