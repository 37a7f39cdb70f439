import Platform
import Support
import Synchronization
import Testing

/// The first promise, held to against the real daemon: what it acknowledged is there after kill -9.
struct DurabilityTests {
  @Test func `a message published with mosquitto_pub survives kill -9`() throws {
    let forebay = try ForebayProcess()
    let publisher = try TestProcess(
      "mosquitto_pub",
      ["-h", "127.0.0.1", "-p", "\(forebay.mqttPort)", "-q", "1", "-t", "plant/7/temp", "-m", "21.5"],
      in: forebay.directory)
    #expect(try publisher.wait() == 0)
    try forebay.kill()
    try forebay.restart()
    let line = try forebay.command("query", "plant/+/temp", "--format", "ndjson")
    #expect(line.contains(#""topic":"plant/7/temp""#))
    #expect(line.contains(#""payload":21.5"#))
    try forebay.stop()
  }

  @Test(.timeLimit(.minutes(2)))
  func `members of a group get what mosquitto_pub had acknowledged, over kill -9, with two threads`() throws {
    let forebay = try ForebayProcess(mqtt: "threads: 2")
    func member(_ name: String, _ arguments: String...) throws -> TestProcess {
      try TestProcess(
        "stdbuf",
        ["-oL", "mosquitto_sub", "-p", "\(forebay.mqttPort)", "-i", name, "-c", "-q", "1", "-t", "$share/g/work/#"]
          + arguments, in: forebay.directory)
    }
    let names = (1...4).map { "member \($0)" }
    for name in names { #expect(try member(name, "-E").wait() == 0) }
    let lines = forebay.directory.path + "/lines"
    for round in 0..<3 {
      try writeFile(lines, (1...200).map { "\(round * 200 + $0)\n" }.joined())
      let publishers = try (1...3).map { number in
        try TestProcess(
          "mosquitto_pub", ["-p", "\(forebay.mqttPort)", "-q", "\(number % 2 + 1)", "-t", "work/\(number)", "-l"],
          input: lines, in: forebay.directory)
      }
      for publisher in publishers { #expect(try publisher.wait() == 0) }
      try forebay.kill()
      try forebay.restart()
    }
    let members = try names.map { try member($0, "-v") }
    func received() -> [String] { members.flatMap { $0.output.split(separator: "\n").map(String.init) } }
    let expected = (1...3).flatMap { number in (1...600).map { "work/\(number) \($0)" } }
    try waitUntil("all records") { Set(received()).count == expected.count }
    #expect(received().sorted() == expected.sorted())
    try forebay.stop()
  }

  @Test(.timeLimit(.minutes(5)), arguments: [1, 2])
  func `100,000 messages and ten kill -9 lose nothing that was acknowledged`(threads: Int) throws {
    let forebay = try ForebayProcess(mqtt: "threads: \(threads)")
    let publishers = (0..<4).map { Publisher(number: $0, count: 25_000, port: forebay.mqttPort) }
    for publisher in publishers { publisher.start() }
    for kill in 1...10 {
      let threshold = kill * 100_000 / 11
      try waitUntil(seconds: 120, "message \(threshold)") {
        publishers.reduce(0) { $0 + $1.acknowledgedCount } >= threshold
      }
      try forebay.kill()
      try forebay.restart()
    }
    for publisher in publishers {
      try waitUntil(seconds: 120, "a publisher's end") { publisher.acknowledgedCount == 25_000 }
    }
    var found = Set<Substring>()
    for line in try forebay.command("query", "load/#", "--format", "csv").split(separator: "\n") {
      found.insert(line.split(separator: ",").last!)
    }
    for publisher in publishers {
      let missing = (0..<25_000).filter { !found.contains("p\(publisher.number)-\($0)") }
      #expect(missing.isEmpty, "publisher \(publisher.number) lost \(missing.prefix(10))")
    }
    #expect(try forebay.command("log", "verify").contains("no damage"))
    try forebay.stop()
  }
}

/// Publishes `p<number>-0`, `p<number>-1`, … at QoS 1 with a window of 50, connects again when the connection is lost,
/// and sends again what was in flight.
private final class Publisher: Sendable {
  let number: Int
  private let count: Int
  private let port: Int
  private let acknowledged = Atomic(0)

  init(number: Int, count: Int, port: Int) {
    self.number = number
    self.count = count
    self.port = port
  }

  var acknowledgedCount: Int { acknowledged.load(ordering: .relaxed) }

  func start() {
    _ = NamedThread.start("publisher") { [self] in
      while acknowledgedCount < count {
        // The daemon is down for a moment at every kill.
        guard let client = try? MQTTTestClient(port: port, clientID: "p\(number)") else {
          SystemTime().sleep(milliseconds: 10)
          continue
        }
        try? publish(through: client)
      }
    }
  }

  /// Acknowledgements come in the order of the messages, so that what is in flight is a range.
  private func publish(through client: MQTTTestClient) throws {
    let first = acknowledgedCount
    var next = first
    while acknowledgedCount < count {
      var bytes: [UInt8] = []
      while next < count, next - acknowledgedCount < 50 {
        bytes += MQTTTestClient.publish(
          topic: "load/\(number)", payload: "p\(number)-\(next)", qos: 1, identifier: identifier(next))
        next += 1
      }
      if !bytes.isEmpty { try client.send(bytes) }
      guard let packet = try client.read(milliseconds: 10_000) else { throw TestFailure("no acknowledgement") }
      let expected = identifier(acknowledgedCount)
      guard packet == [0x40, 2, UInt8(expected >> 8), UInt8(expected & 0xFF)] else {
        throw TestFailure("not the acknowledgement that was due: \(packet)")
      }
      acknowledged.add(1, ordering: .relaxed)
    }
  }

  private func identifier(_ message: Int) -> UInt16 { UInt16(message % 60_000 + 1) }
}
