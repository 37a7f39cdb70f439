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
    mosquitto = try MosquittoBroker(in: directory, options: ["max_inflight_messages 200"])
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
    try kafka.create(topic: topic, partitions: 1)
    try mosquitto.subscribePersistently(filter(.messages, topic), as: "messages-\(topic)")
    try mosquitto.subscribePersistently(filter(.batches, topic), as: "batches-\(topic)")
  }

  func line(to uplink: UplinkReport) -> LinkProxy { lines[FarSide(rawValue: uplink.name)!]! }

  private func filter(_ side: FarSide, _ topic: String) -> String {
    side == .messages ? "\(topic)/#" : topic
  }

  /// The `uplinks` of a daemon's configuration, one to each server.
  /// - Parameters:
  ///   - settings: more members of each.
  ///   - mqtt: more members of sections `mqtt`.
  ///   - others: more uplinks.
  func uplinks(
    _ topic: String, mqtt: String = "", others: String = "", _ settings: (FarSide) -> String
  ) -> String {
    let sections = FarSide.allCases.map { side in
      """
      { name: "\(side)", topics: ["bulk/#"], \(settings(side)),
        \(side.configuration(port: lines[side]!.port, topic: topic, mqtt: mqtt)) }
      """
    }
    return "uplinks: [\((sections + [others]).joined(separator: ",\n"))]"
  }

  /// Begins to read what came to `side`.
  func read(_ side: FarSide, _ topic: String) throws -> FarSideReader {
    let words =
      switch side {
      case .messages: ["bash", "-c", "\(subscriber(side, topic)) -F '%p %P'"]
      case .batches:
        ["bash", "-c", "\(subscriber(side, topic)) -N | '\(ForebayProcess.executable)' unpack --gateway test-gateway"]
      case .kafka: [KafkaBroker.python, Self.peers + "kafka_reader.py", kafka.address, topic, "1"]
      case .rabbitMQ:
        [KafkaBroker.python, Self.peers + "rabbitmq_reader.py", "\(rabbitMQ.nodes[0].streamPort)", topic]
      }
    return try FarSideReader(side, words, in: directory)
  }

  private func subscriber(_ side: FarSide, _ topic: String) -> String {
    "mosquitto_sub -V 5 -p \(mosquitto.port) -q 1 -c -i \(side)-\(topic) -t '\(filter(side, topic))'"
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
