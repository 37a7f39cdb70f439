import Support
import Testing

/// The built daemon forwarding to a Kafka broker that others have written, read back with librdkafka.
@Suite(.serialized, .timeLimit(.minutes(2))) struct KafkaClusterTests {
  private static let reader = String("\(#filePath)".dropLast("KafkaClusterTests.swift".count)) + "Peers/kafka_reader.py"

  @Test func `each record is there once and in order, whenever the daemon is killed`() throws {
    let directory = TemporaryDirectory()
    let broker = try KafkaBroker(in: directory)
    let forebay = try ForebayProcess(
      """
      uplinks: [{
        name: "centre", topics: ["bulk/#"], shipment: { records: 100 },
        kafka: { brokers: ["\(broker.address)"], topic: "telemetry" },
      }]
      """, in: directory)
    // The link is down at first.
    try publish(forebay, 0..<4000)
    #expect(try forebay.command("status").contains("Connection refused"))
    try broker.start(topic: "telemetry", partitions: 3)
    for round in 1...4 {
      try waitUntil(seconds: 30, "something is forwarded; \(forebay.errors)") {
        try !forebay.command("status", "--format", "json").contains(#""shippedRecords":0"#)
      }
      try forebay.kill()
      try forebay.restart()
      try publish(forebay, (4000 * round)..<(4000 * (round + 1)))
    }
    try waitUntil(seconds: 60, "everything is forwarded; \(forebay.errors)") {
      try forebay.command("status", "--format", "json").contains(#""lag":0"#)
    }
    try forebay.stop()
    let reading = try TestProcess(KafkaBroker.python, [Self.reader, broker.address, "telemetry", "3"], in: directory)
    #expect(try reading.wait() == 0, "\(reading.errors)")
    let records = reading.output.split(separator: "\n").map { $0.split(separator: " ") }
    // One gateway, one partition.
    #expect(Set(records.map { $0[0] }).count == 1)
    #expect(records.map { String($0[3]) } == (0..<20_000).map { "m\($0)" })
    #expect(records.allSatisfy { $0[2] == "bulk/1" })
    let offsets = records.compactMap { Int($0[1]) }
    #expect(zip(offsets, offsets.dropFirst()).allSatisfy { $0 < $1 })
  }

  private func publish(_ forebay: ForebayProcess, _ numbers: Range<Int>) throws {
    let lines = forebay.directory.path + "/lines"
    try writeFile(lines, numbers.map { "m\($0)\n" }.joined())
    let publisher = try TestProcess(
      "mosquitto_pub", ["-p", "\(forebay.mqttPort)", "-q", "1", "-t", "bulk/1", "-l"], input: lines,
      in: forebay.directory)
    #expect(try publisher.wait() == 0)
  }
}
