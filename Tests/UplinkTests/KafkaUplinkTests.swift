import Bytes
import Platform
import Records
import Storage
import Support
import Synchronization
import Testing
import Uplink
import Wire

/// A Kafka uplink against a broker that checks every batch and forgets nothing: each record once and in order.
@Suite(.serialized, .timeLimit(.minutes(1))) struct KafkaUplinkTests {
  private let directory = TemporaryDirectory()

  private func openLog() throws -> Log {
    try Log.open(LogConfiguration(directory: directory.path))
  }

  private func append(_ log: Log, _ numbers: Range<Int>) throws {
    var appender = log.makeAppender()
    for number in numbers {
      appender.append(
        topic: "plant/\(number % 3)".utf8.span.bytes, payload: "\(number)".utf8.span.bytes,
        at: Timestamp(milliseconds: 1_700_000_000_000))
    }
    try appender.flushAndWait()
  }

  private func start(_ broker: StrictKafkaBroker, _ log: Log, records: Int = 10) throws -> Uplink {
    var configuration = UplinkConfiguration(
      name: "k", target: .kafka(KafkaTargetConfiguration(brokers: [broker.address], topic: "t")))
    configuration.shipmentRecords = records
    return try Uplink.start(
      configuration, gateway: "g", log: log, backoff: Backoff(firstMilliseconds: 20, longestMilliseconds: 100))
  }

  private func waitForPosition(_ uplink: Uplink, _ position: Offset) throws {
    try waitUntil(seconds: 20, "position \(position); \(uplink.status)") { uplink.status.position >= position }
  }

  private func expectExactly(_ numbers: [Int], at broker: StrictKafkaBroker) {
    let state = broker.state.withLock { $0 }
    #expect(state.problems == [])
    #expect(state.stored == numbers.map { "\($0)=\($0)" })
  }

  @Test func `everything arrives once, with its identity, and goes on behind a restart`() throws {
    let broker = try StrictKafkaBroker()
    let log = try openLog()
    try append(log, 0..<95)
    var uplink = try start(broker, log)
    try waitForPosition(uplink, 95)
    uplink.stop()
    try append(log, 95..<120)
    uplink = try start(broker, log)
    try waitForPosition(uplink, 120)
    uplink.stop()
    broker.stop()
    log.close()
    expectExactly(Array(0..<120), at: broker)
  }

  @Test func `an answer that is lost costs a repetition, which the broker recognises`() throws {
    let broker = try StrictKafkaBroker()
    broker.state.withLock { $0.mood = { _, produced in produced % 3 == 1 ? -2 : 0 } }
    let log = try openLog()
    try append(log, 0..<50)
    let uplink = try start(broker, log)
    try waitForPosition(uplink, 50)
    #expect(uplink.status.retries > 0)
    uplink.stop()
    broker.stop()
    log.close()
    expectExactly(Array(0..<50), at: broker)
  }

  @Test func `a shipment that was on its way at a stop keeps its number`() throws {
    let broker = try StrictKafkaBroker()
    // Stored, and no answer, until told otherwise.
    broker.state.withLock { $0.mood = { _, _ in -2 } }
    let log = try openLog()
    try append(log, 0..<10)
    var uplink = try start(broker, log)
    try waitUntil("the batch is stored") { broker.state.withLock { $0.stored.count == 10 } }
    uplink.stop()
    broker.state.withLock { $0.mood = { _, _ in 0 } }
    try append(log, 10..<20)
    uplink = try start(broker, log)
    try waitForPosition(uplink, 20)
    uplink.stop()
    broker.stop()
    log.close()
    expectExactly(Array(0..<20), at: broker)
  }

  @Test func `what is too large goes in halves, and what is too large by itself to the dead letters`() throws {
    let broker = try StrictKafkaBroker()
    broker.state.withLock { $0.mood = { payloads, _ in payloads.count > 3 || payloads.contains("17") ? 10 : 0 } }
    let log = try openLog()
    try append(log, 0..<30)
    let uplink = try start(broker, log)
    try waitForPosition(uplink, 30)
    #expect(uplink.status.deadLetters == 1)
    uplink.stop()
    broker.stop()
    expectExactly((0..<30).filter { $0 != 17 }, at: broker)
    var reader = log.makeReader(at: 30)
    var letter = ""
    if let record = try reader.next() {
      letter = "\(record.topic.text)=\(record.payload.text): \(record.header(RecordHeaderKey.reason) ?? "")"
    }
    #expect(letter.hasPrefix("$forebay/dead-letter/uplink-k=17: the batch is larger than the topic takes"))
    log.close()
  }

  @Test func `a broker that has forgotten the producer gets everything under a new number`() throws {
    let broker = try StrictKafkaBroker()
    let log = try openLog()
    try append(log, 0..<10)
    let uplink = try start(broker, log)
    try waitForPosition(uplink, 10)
    // 59 once, as after a loss of its memory.
    broker.state.withLock { state in
      let seen = state.produced
      state.mood = { _, produced in produced == seen + 1 ? 59 : 0 }
    }
    try append(log, 10..<40)
    try waitForPosition(uplink, 40)
    #expect(broker.state.withLock { $0.producersSeen.count } == 2)
    uplink.stop()
    broker.stop()
    log.close()
    expectExactly(Array(0..<40), at: broker)
  }

  @Test func `a cluster that asks for a rest gets it`() throws {
    let broker = try StrictKafkaBroker()
    broker.state.withLock { $0.throttleMilliseconds = 400 }
    let log = try openLog()
    try append(log, 0..<10)
    let uplink = try start(broker, log)
    try waitForPosition(uplink, 10)
    try append(log, 10..<20)
    try waitForPosition(uplink, 20)
    uplink.stop()
    broker.stop()
    log.close()
    expectExactly(Array(0..<20), at: broker)
    let times = broker.state.withLock { $0.times }
    #expect(times.count == 2 && times[1] - times[0] >= 0.4)
  }

  @Test(arguments: [(Int16(29), "allow Write on it"), (3, "create it"), (76, "compression.type")])
  func `what somebody has to put right keeps the data and says what to do`(code: Int16, words: String) throws {
    let broker = try StrictKafkaBroker()
    broker.state.withLock { $0.mood = { _, produced in produced <= 2 ? code : 0 } }
    let log = try openLog()
    try append(log, 0..<10)
    let uplink = try start(broker, log)
    try waitUntil("the error") { uplink.status.lastError?.contains(words) == true }
    #expect(uplink.status.position == 0)
    try waitForPosition(uplink, 10)
    uplink.stop()
    broker.stop()
    log.close()
    expectExactly(Array(0..<10), at: broker)
  }
}
