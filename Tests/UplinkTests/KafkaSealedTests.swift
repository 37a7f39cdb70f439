import Bytes
import Platform
import Records
import Storage
import Support
import Synchronization
import Testing
import Uplink

/// A Kafka uplink that passes on sealed batches whole.
@Suite(.serialized, .timeLimit(.minutes(1))) struct KafkaSealedTests {
  private static let count = 40_000
  private static let padding = String(repeating: "x", count: 100)
  private let directory = TemporaryDirectory()

  /// A log of which all but the last segment is sealed.
  private func makeLog(isIdentified: Bool) throws -> Log {
    var configuration = LogConfiguration(directory: directory.path)
    configuration.segmentBytes = 64 << 10
    configuration.identifiedGateway = isIdentified ? "g" : nil
    let log = try Log.open(configuration, startsThreads: false)
    var appender = log.makeAppender()
    for number in 0..<Self.count {
      appender.append(
        topic: "plant/a".utf8.span.bytes, payload: "\(number) \(Self.padding)".utf8.span.bytes,
        at: Timestamp(milliseconds: 1_700_000_000_000))
      if number % 1000 == 999 {
        appender.flush()
        guard log.commitStep() else { throw TestFailure("the commit failed") }
      }
    }
    while log.sealStep() { _ = log.commitStep() }
    return log
  }

  private func start(
    _ broker: StrictKafkaBroker, _ log: Log, _ identity: KafkaTargetConfiguration.Identity = .headers
  ) throws -> Uplink {
    var kafka = KafkaTargetConfiguration(brokers: [broker.address], topic: "t")
    kafka.identity = identity
    let configuration = UplinkConfiguration(name: "k", target: .kafka(kafka))
    return try Uplink.start(
      configuration, gateway: "g", log: log, backoff: Backoff(firstMilliseconds: 20, longestMilliseconds: 100))
  }

  private func waitForEnd(_ uplink: Uplink) throws {
    try waitUntil(seconds: 20, "the end; \(uplink.status)") { uplink.status.position >= Self.count }
  }

  /// The compressed records of every sealed batch.
  private func sealedFrames(_ log: Log) throws -> [[UInt8]] {
    var reader = log.makeReader(at: 0)
    reader.filters = [try TopicFilter("#")]
    var frames: [[UInt8]] = []
    var frame = ByteWriter()
    while try reader.takeStoredBatch(into: &frame, limit: (10_000, .max)) != nil {
      frames.append(frame.array)
      frame.removeAll()
    }
    return frames
  }

  private func expected(_ identity: KafkaTargetConfiguration.Identity) -> [String] {
    (0..<Self.count).map { "\(identity == .headers ? "\($0)" : "?")=\($0) \(Self.padding)" }
  }

  /// Stops all three; each record has arrived once, in order and with its identity.
  private func expectEverything(at broker: StrictKafkaBroker, _ uplink: Uplink, _ log: Log) {
    uplink.stop()
    broker.stop()
    log.close()
    let state = broker.state.withLock { $0 }
    #expect(state.problems == [])
    #expect(state.stored == expected(.headers))
  }

  @Test(arguments: [
    (KafkaTargetConfiguration.Identity.headers, isIdentified: true), (.headers, false), (.none, false),
  ])
  func `a sealed batch goes whole, and as it is where its records say who they are or need not`(
    identity: KafkaTargetConfiguration.Identity, isIdentified: Bool
  ) throws {
    let broker = try StrictKafkaBroker()
    let log = try makeLog(isIdentified: isIdentified)
    let sealed = try sealedFrames(log)
    #expect(sealed.count > 1)
    let uplink = try start(broker, log, identity)
    try waitForEnd(uplink)
    let rawBytes = uplink.status.rawBytes
    uplink.stop()
    broker.stop()
    let state = broker.state.withLock { $0 }
    #expect(state.problems == [])
    #expect(state.stored == expected(identity))
    // What was sealed arrived byte for byte, in order, in front of what was not.
    let isAsSealed = identity == .none || isIdentified
    #expect((Array(state.frames.prefix(sealed.count)) == sealed) == isAsSealed)
    #expect(state.produced == sealed.count + 1)
    // Topic, number, padding, and what a record costs; not what it says of itself.
    #expect((110...130).contains(rawBytes / Self.count), "\(rawBytes)")
    log.close()
  }

  @Test func `one that is too large as a whole goes in halves, and its records still say who they are`() throws {
    let broker = try StrictKafkaBroker()
    let refused = "7 \(Self.padding)"
    broker.state.withLock {
      $0.mood = { payloads, _ in payloads.count > 300 || payloads.count > 1 && payloads.contains(refused) ? 10 : 0 }
    }
    let log = try makeLog(isIdentified: true)
    let uplink = try start(broker, log)
    try waitForEnd(uplink)
    expectEverything(at: broker, uplink, log)
  }

  @Test func `one that was on its way at a stop is the same when it is made of records`() throws {
    let broker = try StrictKafkaBroker()
    // Stored, and no answer, until told otherwise.
    broker.state.withLock { $0.mood = { _, _ in -2 } }
    let log = try makeLog(isIdentified: true)
    var uplink = try start(broker, log)
    try waitUntil("a batch is stored") { !broker.state.withLock { $0.stored.isEmpty } }
    uplink.stop()
    broker.state.withLock { $0.mood = { _, _ in 0 } }
    uplink = try start(broker, log)
    try waitForEnd(uplink)
    expectEverything(at: broker, uplink, log)
  }

  @Test func `what was left behind is marked, whatever was sealed`() throws {
    let broker = try StrictKafkaBroker()
    let log = try makeLog(isIdentified: true)
    var kafka = UplinkConfiguration(
      name: "k", target: .kafka(KafkaTargetConfiguration(brokers: [broker.address], topic: "t")))
    kafka.order = .freshFirst
    let uplink = try Uplink.start(kafka, gateway: "g", log: log)
    try waitForEnd(uplink)
    uplink.stop()
    broker.stop()
    log.close()
    let partition = broker.state.withLock { $0.partitions[.init(topic: "t", index: 0)]! }
    #expect(partition.stored == expected(.headers))
    #expect(partition.lanes.allSatisfy { $0 == "backlog" })
  }
}
