import Platform

/// How fast a backlog goes to a RabbitMQ stream, next to what the node takes when it is sent the very same bytes again by a
/// loop that does nothing else.
enum RabbitMQBacklog {
  /// Or as much as the node takes.
  private static let targetPerSecond = 500_000.0

  static func measure(_ scratch: borrowing ScratchDirectory, _ options: Options, _ table: inout Table) throws {
    let peers = scratch.path("peers")
    try LocalDisk().createDirectory(peers)
    defer {
      scratch.remove("peers")
      scratch.remove("backlog")
    }
    let node = try RabbitMQFarSide(directory: peers)
    try node.start()
    let backlog = try Backlog(scratch.path("backlog"), .meters, records: options.isQuick ? 400_000 : 2_000_000)
    let replay = try Replay(.rabbitMQ, of: "replay-0", to: node) { uplink in
      try Gateway.with(data: backlog.directory, uplinks: [uplink], scratch) { gateway in
        _ = try gateway.wait(seconds: 600, for: "end of the backlog", of: "replay-0") { $0.lag == 0 }
      }
    }
    var ours: [Drain] = []
    var replayed: [Double] = []
    for round in 0..<(options.isQuick ? 3 : 5) {
      ours.append(try drain(backlog, to: node, name: "round-\(round)", scratch))
      replayed.append(Double(backlog.records) / (try replay.run(port: node.port, to: "replay-\(round + 1)")))
    }
    let most = Samples(replayed).median
    table.add(
      Row(
        name: "rabbitmq backlog, records", measured: Samples(ours.map(\.recordsPerSecond)).median.perSecond,
        judged: Samples(ours.map { $0.recordsPerSecond / 1000 }),
        target: .atLeast(min(targetPerSecond, most * 0.9) / 1000), unit: "k/s"))
    table.add(
      Row(
        name: "the node, sent the same again", measured: most.perSecond,
        judged: Samples(replayed.map { $0 / 1000 })))
    table.note(
      "processor time a record: \(Samples(ours.map(\.processorSecondsPerRecord)).median.duration);"
        + " \((Double(replay.byteCount) / Double(backlog.records)).short) bytes a record")
  }

  /// - Parameter name: of the uplink and the stream, another one each time.
  private static func drain(
    _ backlog: Backlog, to node: RabbitMQFarSide, name: String, _ scratch: borrowing ScratchDirectory
  ) throws -> Drain {
    try Gateway.with(data: backlog.directory, uplinks: [node.uplink(name, to: name)], scratch) { gateway in
      // The node is there already: what has gone by now is not counted.
      _ = try gateway.pause(name)
      return try Drain(gateway, name)
    }
  }
}
