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
    let records = try read(broker, "telemetry", partitions: 3, in: directory)
    // One gateway, one partition.
    #expect(Set(records.map { $0[0] }).count == 1)
    #expect(records.map { String($0[3]) } == (0..<20_000).map { "m\($0)" })
    #expect(records.allSatisfy { $0[2] == "bulk/1" })
    let offsets = records.compactMap { Int($0[1]) }
    #expect(zip(offsets, offsets.dropFirst()).allSatisfy { $0 < $1 })
  }

  @Test func `devices are spread over topics and partitions, each in order, whenever the daemon is killed`() throws {
    let directory = TemporaryDirectory()
    let broker = try KafkaBroker(in: directory)
    try broker.start(topic: "telemetry", partitions: 5)
    try broker.create(topic: "alarms", partitions: 2)
    let forebay = try ForebayProcess(
      """
      uplinks: [{
        name: "centre", topics: ["bulk/#"], shipment: { records: 100 },
        kafka: { brokers: ["\(broker.address)"], topic: "telemetry", partition: "key",
          rules: [{ topics: ["bulk/alarm/+"], topic: "alarms" }] },
      }]
      """, in: directory)
    let devices = (0..<12).map { "bulk/\($0)" } + (0..<4).map { "bulk/alarm/\($0)" }
    for round in 0..<3 {
      for device in devices { try publish(forebay, (200 * round)..<(200 * (round + 1)), to: device) }
      try forebay.kill()
      try forebay.restart()
    }
    try waitUntil(seconds: 60, "everything is forwarded; \(forebay.errors)") {
      try forebay.command("status", "--format", "json").contains(#""lag":0"#)
    }
    try forebay.stop()
    let telemetry = try read(broker, "telemetry", partitions: 5, in: directory)
    let alarms = try read(broker, "alarms", partitions: 2, in: directory)
    #expect(telemetry.count == 12 * 600 && alarms.count == 4 * 600)
    #expect(alarms.allSatisfy { $0[2].hasPrefix("bulk/alarm/") })
    #expect(Set(telemetry.map { $0[0] }).count > 2)
    for (device, records) in Dictionary(grouping: telemetry + alarms, by: { $0[2] }) {
      #expect(Set(records.map { $0[0] }).count == 1, "\(device) is in one partition")
      #expect(records.map { String($0[3]) } == (0..<600).map { "m\($0)" }, "\(device)")
    }
  }

  private func read(
    _ broker: KafkaBroker, _ topic: String, partitions: Int, in directory: TemporaryDirectory
  ) throws -> [[Substring]] {
    let reading = try TestProcess(
      KafkaBroker.python, [Self.reader, broker.address, topic, "\(partitions)"], in: directory)
    #expect(try reading.wait() == 0, "\(reading.errors)")
    return reading.output.split(separator: "\n").map { $0.split(separator: " ") }
  }

  private func publish(_ forebay: ForebayProcess, _ numbers: Range<Int>, to topic: String = "bulk/1") throws {
    let lines = forebay.directory.path + "/lines"
    try writeFile(lines, numbers.map { "m\($0)\n" }.joined())
    let publisher = try TestProcess(
      "mosquitto_pub", ["-p", "\(forebay.mqttPort)", "-q", "1", "-t", topic, "-l"], input: lines,
      in: forebay.directory)
    #expect(try publisher.wait() == 0)
  }
}
