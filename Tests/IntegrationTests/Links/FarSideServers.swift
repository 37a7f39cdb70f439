import Glibc
import Support
import Testing

/// Real servers, each behind a line of its own, for all cases of a suite: RabbitMQ takes its time to start.
final class FarSideServers: @unchecked Sendable {
  // Unchecked: a suite that uses them is serialized.
  let lines: [FarSide: LinkProxy]
  private let directory = TemporaryDirectory()
  private let mosquitto: MosquittoBroker
  private let kafka: KafkaBroker
  private let rabbitMQ: RabbitMQCluster

  @TaskLocal static var shared: FarSideServers!

  private static let peers =
    String("\(#filePath)".dropLast("Links/FarSideServers.swift".count)) + "Peers/"

  init() throws {
    mosquitto = try MosquittoBroker(in: directory)
    kafka = try KafkaBroker(in: directory)
    rabbitMQ = try RabbitMQCluster(in: directory)
    let kafkaPort = Int(kafka.address.split(separator: ":")[1])!
    lines = [
      .messages: try LinkProxy(to: mosquitto.port), .batches: try LinkProxy(to: mosquitto.port),
      .kafka: try LinkProxy(to: kafkaPort), .rabbitMQ: try LinkProxy(to: rabbitMQ.nodes[0].streamPort),
    ]
    // A client that asks for the way is sent over the line.
    kafka.advertisedAddress = "127.0.0.1:\(lines[.kafka]!.port)"
    try kafka.start(topic: "first", partitions: 1)
    try rabbitMQ.start()
  }

  /// Mends all lines, and makes what a case has for itself, by its name.
  func prepare(_ topic: String) throws {
    for line in lines.values {
      line.become(.open)
      line.setLine()
    }
    try kafka.makeTopic(topic, partitions: 1)
    try mosquitto.subscribePersistently(filter(.messages, topic), as: "messages-\(topic)")
    try mosquitto.subscribePersistently(filter(.batches, topic), as: "batches-\(topic)")
  }

  func line(to uplink: UplinkReport) -> LinkProxy { lines[FarSide(rawValue: uplink.name)!]! }

  private func filter(_ side: FarSide, _ topic: String) -> String {
    side == .messages ? "\(topic)/#" : topic
  }

  /// The `uplinks` of a daemon's configuration, one to each server.
  /// - Parameter settings: more members of each.
  func uplinks(_ topic: String, _ settings: (FarSide) -> String) -> String {
    let sections = FarSide.allCases.map { side in
      """
      { name: "\(side)", topics: ["bulk/#"], \(settings(side)),
        \(side.configuration(port: lines[side]!.port, topic: topic)) }
      """
    }
    return "uplinks: [\(sections.joined(separator: ",\n"))]"
  }

  /// What came to `side`, in its order, with what came twice: `count` different records, once they are all there.
  func arrivals(at side: FarSide, _ topic: String, count: Int) throws -> [Arrival] {
    switch side {
    case .messages:
      try read(mosquittoReader(side, topic, "-F '%p %P'"), count) { line in
        let words = line.split(separator: " ")
        let offset = words.first { $0.hasPrefix("forebay-offset:") }
        return Arrival(offset: offset?.dropFirst("forebay-offset:".count), payload: words.first)
      }
    case .batches:
      try read(mosquittoReader(side, topic, "-N"), count) { line in
        let members = line.split(separator: ",")
        let offset = members.first { $0.hasPrefix("\"offset\":") }
        return Arrival(
          offset: offset?.dropFirst("\"offset\":".count), payload: line.split(separator: "\"").dropLast().last)
      }
    case .kafka:
      try read([KafkaBroker.python, Self.peers + "kafka_reader.py", kafka.address, topic, "1"], 0) { line in
        let words = line.split(separator: " ")
        return Arrival(offset: words[1], payload: words[3])
      }
    case .rabbitMQ:
      try read(
        [KafkaBroker.python, Self.peers + "rabbitmq_reader.py", "\(rabbitMQ.nodes[0].streamPort)", topic], 0
      ) { line in
        let words = line.split(separator: " ")
        return Arrival(offset: words[0], payload: words[2])
      }
    }
  }

  private func mosquittoReader(_ side: FarSide, _ topic: String, _ options: String) -> [String] {
    let unpack = side == .batches ? "| '\(ForebayProcess.executable)' unpack --gateway test-gateway" : ""
    let reader = "mosquitto_sub -V 5 -p \(mosquitto.port) -q 1 -c -i \(side)-\(topic) -t '\(filter(side, topic))'"
    return ["bash", "-c", "\(reader) \(options) \(unpack)"]
  }

  /// Until the reader ends by itself, or `count` different ones have come.
  private func read(_ words: [String], _ count: Int, _ parse: (Substring) -> Arrival?) throws -> [Arrival] {
    let reader = try TestProcess(words[0], Array(words.dropFirst()), in: directory)
    var found: [Arrival] = []
    try waitUntil(seconds: 60, "\(count) records at the far side, not \(Set(found).count); \(reader.errors)") {
      let isOver = !reader.isRunning
      // Each look takes a while.
      if !isOver { usleep(100_000) }
      guard isOver || count > 0 else { return false }
      let output = reader.output
      found = output.split(separator: "\n").dropLast(output.hasSuffix("\n") ? 0 : 1).compactMap(parse)
      return isOver || Set(found).count >= count
    }
    return found
  }
}

/// Starts the servers once for the suite, and ends them with it.
struct FarSideServersTrait: SuiteTrait, TestScoping {
  func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    try await FarSideServers.$shared.withValue(try FarSideServers(), operation: function)
  }
}

extension Trait where Self == FarSideServersTrait {
  static var farSideServers: Self { Self() }
}
