import Platform

extension Command {
  static let uplink = Command(
    name: "uplink",
    summary: "uplinks: backlogs to Kafka and RabbitMQ, bytes on the line, outages, ingest meanwhile, memory",
    details: [
      "Starts `forebay run`, which must have been built beside this program (swift build -c release), and the servers that the"
        + "\n  tests have: a Kafka broker (tansu), a RabbitMQ node, a mosquitto. Tests/run.sh installs them.",
      "kafka: a sealed backlog of two million messages of 100 bytes, from the connection to the last confirmation, next to"
        + "\n  librdkafka's own producer (idempotent, acks=all, zstd) with the same messages; processor time of both.",
      "rabbitmq: the same to a stream, next to what the node takes when it is sent the same bytes again by a plain loop.",
      "wire: bytes that go over the line for a message of JSON telemetry, with the headers of TCP and IP: from a backlog, and"
        + "\n  at 300 messages a second.",
      "outages: a line is cut for a while, in a network namespace (needs root or namespaces of users): from when it is back"
        + "\n  to the first confirmation.",
      "memory: resident with 10 GiB waiting (--quick: 1 GiB), and while it goes out.",
      "ingest: acknowledged messages and their latency while a backlog goes out, next to the same with the uplink paused.",
    ],
    parts: ["kafka", "rabbitmq", "wire", "outages", "memory", "ingest"],
    run: { options in
      try Descriptors.raiseLimit()
      let scratch = try ScratchDirectory(in: options.directory)
      var table = Table(title: "uplink: " + Machine.description(directory: scratch.path))
      if options.includes("kafka") { try KafkaBacklog.measure(scratch, options, &table) }
      if options.includes("rabbitmq") { try RabbitMQBacklog.measure(scratch, options, &table) }
      if options.includes("wire") { try WireBytes.measure(scratch, options, &table) }
      if options.includes("outages") { try Outages.measure(scratch, options, &table) }
      if options.includes("memory") || options.includes("ingest") {
        let backlog = try Backlog(scratch.path("backlog"), .mixed, bytes: (options.isQuick ? 1 : 10) << 30)
        if options.includes("memory") { try BacklogMemory.measure(backlog, scratch, options, &table) }
        if options.includes("ingest") { try IngestWhileDraining.measure(backlog, scratch, options, &table) }
      }
      return table.missed == 0
    })
}
