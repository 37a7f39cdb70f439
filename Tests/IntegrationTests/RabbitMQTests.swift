import Support
import Testing

/// The built daemon forwarding to real RabbitMQ nodes, read back with clients that others have written.
@Suite(.serialized, .timeLimit(.minutes(5))) struct RabbitMQTests {
  private static let peers = String("\(#filePath)".dropLast("RabbitMQTests.swift".count)) + "Peers/"
  private let directory = TemporaryDirectory()

  private typealias Stored = (offset: Int, topic: String, payload: String, lane: String)

  private func read(_ node: RabbitMQNode, _ stream: String) throws -> [Stored] {
    let reading = try TestProcess(
      KafkaBroker.python, [Self.peers + "rabbitmq_reader.py", "\(node.streamPort)", stream], in: directory)
    #expect(try reading.wait(seconds: 120) == 0, "\(reading.errors)")
    return reading.output.split(separator: "\n").map { line in
      let words = line.split(separator: " ").map { String($0) }
      return (Int(words[0]) ?? -1, words[1], words[2], words[3])
    }
  }

  private func expectExactly(_ count: Int, _ records: [Stored]) {
    #expect(records.map(\.payload) == (0..<count).map { "m\($0)" }, "\(records.count) of \(count)")
    #expect(records.allSatisfy { $0.topic == "bulk/1" })
    #expect(zip(records, records.dropFirst()).allSatisfy { $0.offset < $1.offset })
  }

  private func publish(_ forebay: ForebayProcess, _ numbers: Range<Int>) throws {
    try MosquittoBroker.publish(
      numbers.map { "m\($0)" }, to: "bulk/1", port: forebay.mqttPort, in: directory)
  }

  private func waitUntilForwarded(_ forebay: ForebayProcess) throws {
    try waitUntil(seconds: 90, "everything is forwarded; \(forebay.errors)") {
      try forebay.command("status", "--format", "json").contains(#""lag":0"#)
    }
  }

  @Test func `each record is there once and in order, whenever the daemon is killed`() throws {
    let cluster = try RabbitMQCluster(in: directory)
    try cluster.start()
    let forebay = try ForebayProcess(
      """
      uplinks: [{
        name: "centre", topics: ["bulk/#"], shipment: { records: 100 },
        rabbitmq: { hosts: [\(cluster.hosts)], stream: "telemetry", create: { maxAge: "1 d", maxBytes: "1 GiB" } },
      }, {
        name: "plain", topics: ["bulk/#"],
        rabbitmq: { hosts: [\(cluster.hosts)], stream: "mixed", create: {}, compression: "none" },
      }, {
        name: "absent", topics: ["bulk/#"],
        rabbitmq: { hosts: [\(cluster.hosts)], stream: "nothing", user: "guest", password: "guest" },
      }, {
        name: "stranger", topics: ["bulk/#"],
        rabbitmq: { hosts: [\(cluster.hosts)], stream: "nothing", user: "guest", password: "wrong" },
      }]
      """, in: directory)
    for round in 0..<5 {
      try publish(forebay, (4000 * round)..<(4000 * (round + 1)))
      try waitUntil(seconds: 30, "something is forwarded; \(forebay.errors)") { try shipped(forebay) > 0 }
      try forebay.kill()
      try forebay.restart()
    }
    try waitUntil(seconds: 60, "everything is forwarded; \(forebay.errors)") {
      try forebay.command("status", "--format", "json").components(#""lag":0"#) == 2
    }
    try waitUntil(seconds: 10, "errors in words; \(forebay.errors)") {
      let list = try forebay.command("uplink", "list").split { $0.isWhitespace }.joined(separator: " ")
      return list.contains("there is no such stream; create it, or set `create: {}`")
        && list.contains("refuses the user or the password")
    }
    try forebay.stop()
    expectExactly(20_000, try read(cluster.nodes[0], "telemetry"))
    expectExactly(20_000, try read(cluster.nodes[0], "mixed"))
    // What an AMQP 0-9-1 consumer gets of the stream whose records are not packed.
    let reading = try TestProcess(
      KafkaBroker.python, [Self.peers + "amqp_reader.py", "\(cluster.nodes[0].amqpPort)", "stream", "mixed", "100"],
      in: directory)
    #expect(try reading.wait(seconds: 60) == 0, "\(reading.errors)")
    #expect(reading.output == (0..<100).map { "\($0) bulk/1 m\($0)\n" }.joined())
  }

  @Test func `what was left behind goes beside what comes, each record once, whenever the daemon is killed`() throws {
    let cluster = try RabbitMQCluster(in: directory)
    let forebay = try ForebayProcess(
      """
      uplinks: [{
        name: "centre", topics: ["bulk/#"], shipment: { records: 100 }, order: "freshFirst", maxRate: "8 KiB/s",
        rabbitmq: { hosts: [\(cluster.hosts)], stream: "telemetry", create: {} },
      }]
      """, in: directory)
    try publish(forebay, 0..<20_000)
    try cluster.start()
    for round in 0..<3 {
      try waitUntil(seconds: 60, "something is forwarded; \(forebay.errors)") {
        _ = try forebay.command("uplink", "retry", "centre")
        return try shipped(forebay) > 0
      }
      try publish(forebay, (20_000 + 10 * round)..<(20_010 + 10 * round))
      try forebay.kill()
      try forebay.restart()
    }
    try waitUntil(seconds: 30, "something is forwarded; \(forebay.errors)") { try shipped(forebay) > 0 }
    try publish(forebay, 20_030..<20_040)
    try waitUntilForwarded(forebay)
    try forebay.stop()
    let records = try read(cluster.nodes[0], "telemetry")
    #expect(records.map { Int($0.payload.dropFirst()) ?? -1 }.sorted() == Array(0..<20_040), "\(records.count)")
    let lanes = Dictionary(grouping: records, by: \.lane).mapValues { $0.map(\.offset) }
    #expect(lanes.count == 2 && lanes["backlog"]!.count > 10_000)
    for offsets in lanes.values { #expect(zip(offsets, offsets.dropFirst()).allSatisfy { $0 < $1 }) }
    // The last that came did not wait for the backlog.
    let place = try #require(records.firstIndex { $0.payload == "m20039" })
    #expect(records[place].lane == "-" && records.count - place > 1000, "\(place)")
  }

  @Test func `the leader of a replicated stream is killed, and then a majority`() throws {
    let cluster = try RabbitMQCluster(nodes: 3, in: directory)
    let forebay = try ForebayProcess(
      """
      uplinks: [{
        name: "centre", topics: ["bulk/#"], shipment: { records: 50 }, maxRate: "256 KiB/s",
        rabbitmq: { hosts: [\(cluster.hosts)], stream: "telemetry", create: { replicas: 3 } },
      }]
      """, in: directory)
    // The link is down at first.
    for part in 0..<10 { try publish(forebay, (20_000 * part)..<(20_000 * (part + 1))) }
    try cluster.start()
    _ = try forebay.command("uplink", "retry", "centre")
    try waitUntil(seconds: 60, "the load is on its way; \(forebay.errors)") { try shipped(forebay) > 0 }
    // While it is looked for which node to kill.
    _ = try forebay.command("uplink", "pause", "centre")
    let leader = try leader(of: "telemetry", cluster)
    let atPause = try shipped(forebay)
    _ = try forebay.command("uplink", "resume", "centre")
    try waitUntil(seconds: 10, "the load goes on; \(forebay.errors)") { try shipped(forebay) > atPause }
    leader.kill()
    let atKill = try shipped(forebay)
    #expect(atKill < 200_000)
    try waitUntilForwarded(forebay)
    #expect(try !forebay.command("status", "--format", "json").contains(#""retries":0"#))

    // Now one of three is left: what it takes is not on a majority, and so not confirmed.
    let others = cluster.nodes.filter { $0 !== leader }
    others[0].kill()
    try publish(forebay, 200_000..<201_000)
    let before = try shipped(forebay)
    try leader.start()
    #expect(try shipped(forebay) == before)
    try leader.waitUntilReady()
    try others[0].start()
    try others[0].waitUntilReady()
    try waitUntilForwarded(forebay)
    try forebay.stop()
    expectExactly(201_000, try read(others[1], "telemetry"))
  }

  private func leader(of stream: String, _ cluster: RabbitMQCluster) throws -> RabbitMQNode {
    let asking = try TestProcess(
      KafkaBroker.python, [Self.peers + "rabbitmq_leader.py", "\(cluster.nodes[0].streamPort)", stream], in: directory)
    guard try asking.wait() == 0 else { throw TestFailure(asking.errors) }
    let port = asking.output.prefix { $0 != "\n" }
    guard let node = cluster.nodes.first(where: { "\($0.streamPort)" == port }) else {
      throw TestFailure("no node listens on \(asking.output)")
    }
    return node
  }

  private func shipped(_ forebay: ForebayProcess) throws -> Int {
    let status = try forebay.command("status", "--format", "json")
    guard let key = status.ranges(of: #""shippedRecords":"#).first else { return 0 }
    return Int(status[key.upperBound...].prefix { $0.isNumber }) ?? 0
  }

  @Test func `the MQTT plugin puts everything into a quorum queue`() throws {
    let cluster = try RabbitMQCluster(
      plugins: ["rabbitmq_mqtt"],
      definitions: """
        { "vhosts": [{ "name": "/" }],
          "users": [{ "name": "guest", "password": "guest", "tags": ["administrator"] }],
          "permissions": [{ "user": "guest", "vhost": "/", "configure": ".*", "write": ".*", "read": ".*" }],
          "queues": [{ "name": "telemetry", "vhost": "/", "durable": true, "auto_delete": false,
                       "arguments": { "x-queue-type": "quorum" } }],
          "bindings": [{ "source": "amq.topic", "vhost": "/", "destination": "telemetry", "destination_type": "queue",
                         "routing_key": "bulk.#", "arguments": {} }] }
        """, in: directory)
    try cluster.start()
    let node = cluster.nodes[0]
    let forebay = try ForebayProcess(
      """
      uplinks: [{ name: "centre", topics: ["bulk/#"],
        mqtt: { host: "127.0.0.1", port: \(node.mqttPort), user: "guest", password: "guest" } }]
      """, in: directory)
    try publish(forebay, 0..<3000)
    try waitUntilForwarded(forebay)
    try forebay.stop()
    let reading = try TestProcess(
      KafkaBroker.python, [Self.peers + "amqp_reader.py", "\(node.amqpPort)", "queue", "telemetry", "3000"],
      in: directory)
    #expect(try reading.wait(seconds: 60) == 0, "\(reading.errors)")
    #expect(reading.output == (0..<3000).map { "- bulk.1 m\($0)\n" }.joined())
  }
}

extension String {
  /// How often `text` is in it.
  fileprivate func components(_ text: String) -> Int { ranges(of: text).count }
}
