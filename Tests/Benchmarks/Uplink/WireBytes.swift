import Platform

/// What goes over the line for a message of telemetry, headers and acknowledgements of TCP and IP included: from a backlog,
/// and where messages come one by one.
enum WireBytes {
  private static let perSecond = 300.0

  static func measure(_ scratch: borrowing ScratchDirectory, _ options: Options, _ table: inout Table) throws {
    let peers = scratch.path("peers")
    try LocalDisk().createDirectory(peers)
    defer { scratch.remove("peers") }
    let lines = try WatchedFarSide.all(directory: peers)
    for line in lines { try line.farSide.start() }
    try measureBacklog(lines, scratch, options, &table)
    try measureTrickle(lines, scratch, options, &table)
  }

  private static func measureBacklog(
    _ lines: [WatchedFarSide], _ scratch: borrowing ScratchDirectory, _ options: Options, _ table: inout Table
  ) throws {
    defer {
      scratch.remove("backlog")
      scratch.remove("identified")
    }
    let records = options.isQuick ? 200_000 : 1_000_000
    let plain = try Backlog(scratch.path("backlog"), .mixed, records: records)
    let identified = try Backlog(scratch.path("identified"), .mixed, records: records, isIdentified: true)
    for line in lines {
      // As it is sealed where there is only this uplink.
      let backlog = line.name == KafkaFarSide.name ? identified : plain
      let before = line.count
      try Gateway.with(data: backlog.directory, uplinks: [line.uplink("backlog")], scratch) { gateway in
        _ = try gateway.wait(seconds: 600, for: "end of the backlog", of: line.name) { $0.position >= backlog.records }
        try line.settle()
      }
      let count = line.count - before
      table.add(
        row(
          "\(line.name), of a backlog", count, messages: backlog.records, rawBytes: backlog.rawBytes, .atMost(1.0 / 6)))
      table.note(
        "without headers of TCP and IP \(perMessage(count.sentBytes, backlog.records)) out,"
          + " \(perMessage(count.receivedBytes, backlog.records)) in")
    }
    table.note(
      "a message, against topic and payload alone; in the log, sealed: \(perMessage(plain.sealedBytes, plain.records)),"
        + " \(perMessage(identified.sealedBytes, identified.records)) with identity")
  }

  /// All three at once: what one does is nothing to the others.
  private static func measureTrickle(
    _ lines: [WatchedFarSide], _ scratch: borrowing ScratchDirectory, _ options: Options, _ table: inout Table
  ) throws {
    defer { scratch.remove("trickle") }
    let uplinks = lines.map { $0.uplink("trickle") }
    try Gateway.with(data: scratch.path("trickle"), uplinks: uplinks, scratch) { gateway in
      let publisher = try TelemetryPublisher(path: gateway.mqttSocket)
      // Until connections are made and what is used again has been used once.
      try publisher.run(rate: perSecond, seconds: 1)
      for line in lines { _ = try gateway.wait(for: "connection", of: line.name) { $0.shipments > 0 } }
      let before = (lines.map(\.count), publisher.messages, publisher.rawBytes)
      let shipmentsBefore = try lines.map { try gateway.uplink($0.name).shipments }
      let busyBefore = try gateway.processorSeconds()
      let seconds = options.isQuick ? 5.0 : 60.0
      try publisher.run(rate: perSecond, seconds: seconds)
      let busy = try gateway.processorSeconds() - busyBefore
      for line in lines { try line.settle() }
      let messages = publisher.messages - before.1
      for (index, line) in lines.enumerated() {
        let count = line.count - before.0[index]
        table.add(
          row(
            "\(line.name), at \(Int(perSecond)) a second", count, messages: messages,
            rawBytes: publisher.rawBytes - before.2, nil))
        let shipments = try gateway.uplink(line.name).shipments - shipmentsBefore[index]
        table.note(
          "\((Double(shipments) / seconds).short) shipments and \((Double(count.packets) / seconds).short) packets a second;"
            + " without headers of TCP and IP \(perMessage(count.sentBytes, messages)) out,"
            + " \(perMessage(count.receivedBytes, messages)) in")
      }
      table.note(
        "processor time a message, its coming and three uplinks: \((busy / Double(messages)).duration)")
    }
  }

  private static func row(
    _ name: String, _ count: LineCount, messages: Int, rawBytes: Int, _ target: Row.Target?
  ) -> Row {
    Row(
      name: name, measured: perMessage(count.wireBytes, messages), reference: perMessage(rawBytes, messages),
      judged: Samples([Double(count.wireBytes) / Double(rawBytes)]), target: target)
  }

  private static func perMessage(_ bytes: Int, _ messages: Int) -> String {
    "\((Double(bytes) / Double(messages)).short) B"
  }
}

/// A far side with a line in front of it.
private struct WatchedFarSide {
  let name: String
  let farSide: any FarSide
  private let line: Line

  /// One of each kind, not started.
  static func all(directory: String) throws -> [WatchedFarSide] {
    [
      try WatchedFarSide(KafkaFarSide(directory: directory)), try WatchedFarSide(RabbitMQFarSide(directory: directory)),
      try WatchedFarSide(MQTTFarSide(directory: directory)),
    ]
  }

  private init<Side: FarSide>(_ side: Side) throws {
    name = Side.name
    farSide = side
    line = try Line(to: side.port)
    side.clientPort = line.port
  }

  func uplink(_ place: String) -> String { farSide.uplink(name, to: place) }

  var count: LineCount { line.count }

  /// Waits for the last acknowledgements, and for the line to have counted them.
  func settle() throws {
    SystemTime().sleep(milliseconds: 200)
  }
}
