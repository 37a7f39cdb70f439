import Support
import Testing

/// The built daemon forwarding to a Kafka cluster whose leaders move, whose brokers fail and which refuses for a while, read back
/// with librdkafka. The cluster knows nothing of duplicates: what it has twice was sent twice.
@Suite(.serialized, .timeLimit(.minutes(5))) struct KafkaMockTests {
  private static let reader = String("\(#filePath)".dropLast("KafkaMockTests.swift".count)) + "Peers/kafka_reader.py"
  private let directory = TemporaryDirectory()
  private let cluster: KafkaMockCluster
  private var random = SeededGenerator(seed: 3)

  init() throws {
    cluster = try KafkaMockCluster(brokers: 3, in: directory)
    // A drain is to take long enough to be disturbed.
    for broker in 1...3 { try cluster.order("delay \(broker) 20") }
    try cluster.order("topic telemetry 3")
    try lead(by: 1)
  }

  /// Has one broker lead all partitions.
  private func lead(by broker: Int) throws {
    for partition in 0..<3 { try cluster.order("leader telemetry \(partition) \(broker)") }
  }

  /// A daemon with a backlog of `count` records, of which nothing is sent before `uplink resume`.
  private func start(_ count: Int, _ kafka: String = "") throws -> ForebayProcess {
    let brokers = cluster.brokers.map { "\"\($0)\"" }.joined(separator: ", ")
    let forebay = try ForebayProcess(
      """
      uplinks: [{
        name: "centre", topics: ["bulk/#"], shipment: { records: 100 },
        kafka: { brokers: [\(brokers)], topic: "telemetry", \(kafka) },
      }]
      """, in: directory)
    try pause(forebay)
    try publish(0..<count, to: forebay)
    return forebay
  }

  private func pause(_ forebay: ForebayProcess) throws {
    _ = try forebay.command("uplink", "pause", "centre")
    try waitUntil("the pause") { try forebay.uplink("centre").state == "paused" }
  }

  private func publish(_ numbers: Range<Int>, to forebay: ForebayProcess) throws {
    for device in 0..<4 {
      let mine = numbers.filter { $0 % 4 == device }.map { "\($0)" }
      try MosquittoBroker.publish(mine, to: "bulk/\(device)", port: forebay.mqttPort, in: directory)
    }
  }

  private func waitForShipped(_ count: Int, _ forebay: ForebayProcess) throws {
    try waitUntil(seconds: 20, "\(count) records; \(forebay.errors)") {
      let uplink = try forebay.uplink("centre")
      return uplink.shippedRecords >= count || uplink.lag == 0
    }
  }

  private struct Stored {
    let partition: Substring
    let offset: Int
    let device: Substring
    let number: Int
  }

  private func read() throws -> [Stored] {
    let reading = try TestProcess(
      KafkaBroker.python, [Self.reader, cluster.brokers.joined(separator: ","), "telemetry", "3"], in: directory)
    #expect(try reading.wait() == 0, "\(reading.errors)")
    return reading.output.split(separator: "\n").map { line in
      let words = line.split(separator: " ")
      return Stored(partition: words[0], offset: Int(words[1])!, device: words[2], number: Int(words[3])!)
    }
  }

  /// Everything is there, and in order in each partition. What is there more than once counts by its last: what is sent again
  /// is so with all that follows it, and a real cluster would not have taken that before.
  private func expectAll(_ count: Int, _ stored: [Stored]) {
    #expect(Set(stored.map(\.number)) == Set(0..<count), "\(stored.count)")
    let wrong = stored.filter { $0.device != "bulk/\($0.number % 4)" }
    #expect(wrong.isEmpty)
    for (partition, records) in Dictionary(grouping: stored, by: \.partition) {
      var seen = Set<Int>()
      let lasts = records.reversed().filter { seen.insert($0.offset).inserted }
      #expect(zip(lasts, lasts.dropFirst()).allSatisfy { $0.offset > $1.offset }, "partition \(partition)")
    }
  }

  @Test func `leaders that move in the middle of a drain cost no record and no duplicate`() throws {
    let forebay = try start(10_000)
    _ = try forebay.command("uplink", "resume", "centre")
    for move in 1...6 {
      try waitForShipped(1000 * move, forebay)
      try lead(by: 1 + move % 3)
    }
    try forebay.waitUntilForwarded()
    #expect(try forebay.uplink("centre").retries >= 3)
    try forebay.stop()
    let stored = try read()
    expectAll(10_000, stored)
    #expect(stored.count == 10_000)
  }

  @Test func `what the cluster refuses for a while is neither lost nor there twice`() throws {
    let forebay = try start(3000)
    let refusals = [
      (3, "UNKNOWN_TOPIC_OR_PARTITION"), (5, "LEADER_NOT_AVAILABLE"), (6, "NOT_LEADER_OR_FOLLOWER"),
      (7, "REQUEST_TIMED_OUT"), (9, "REPLICA_NOT_AVAILABLE"), (19, "NOT_ENOUGH_REPLICAS"),
      (20, "NOT_ENOUGH_REPLICAS_AFTER_APPEND"), (56, "KAFKA_STORAGE_ERROR"),
    ]
    for (code, name) in refusals {
      // One for each of the five shipments that go at a time.
      try cluster.order("err 0" + String(repeating: " \(code)", count: 5))
      _ = try forebay.command("uplink", "resume", "centre")
      try waitUntil(seconds: 10, "\(name); \(forebay.errors)") {
        try forebay.uplink("centre").lastError.contains("(\(name))")
      }
      #expect(try forebay.uplink("centre").shippedRecords == 0)
      try pause(forebay)
    }
    _ = try forebay.command("uplink", "resume", "centre")
    try forebay.waitUntilForwarded()
    try forebay.stop()
    let stored = try read()
    expectAll(3000, stored)
    #expect(stored.count == 3000)
  }

  @Test mutating func `brokers that go and come back, and leaders that move meanwhile, by key over all of them`() throws
  {
    let forebay = try start(24_000, #"partition: "key""#)
    for partition in 0..<3 { try cluster.order("leader telemetry \(partition) \(1 + partition)") }
    _ = try forebay.command("uplink", "resume", "centre")
    var down = 1
    for round in 0..<8 {
      try waitForShipped(2000 * (round + 1), forebay)
      try cluster.order("down \(down)")
      let next = 1 + down % 3
      for partition in 0..<3 where random.oneIn(2) { try cluster.order("leader telemetry \(partition) \(next)") }
      // Whose partitions have no other leader waits for it.
      try waitUntil(seconds: 10, "a failure; \(forebay.errors)") {
        try forebay.uplink("centre").state == "waiting" || forebay.uplink("centre").lag == 0
      }
      try cluster.order("up \(down)")
      down = next
      _ = try forebay.command("uplink", "retry", "centre")
    }
    try forebay.waitUntilForwarded()
    #expect(try forebay.uplink("centre").retries >= 4)
    try forebay.stop()
    expectAll(24_000, try read())
  }
}
