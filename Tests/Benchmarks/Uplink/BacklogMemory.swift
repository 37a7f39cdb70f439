import Platform

/// How much memory the daemon has in use with a large backlog: while it waits, and while it goes out.
enum BacklogMemory {
  private static let target = Row.Target.atMost(64)

  static func measure(
    _ backlog: Backlog, _ scratch: borrowing ScratchDirectory, _ options: Options, _ table: inout Table
  ) throws {
    let peers = scratch.path("peers")
    try LocalDisk().createDirectory(peers)
    defer { scratch.remove("peers") }
    var waiting: [Double] = []
    var rows: [Row] = []
    let seconds = options.isQuick ? 3.0 : 15.0
    for (name, farSide) in try farSides(peers) {
      let uplink = "memory-\(name)"
      try Gateway.with(data: backlog.directory, uplinks: [farSide.uplink(uplink, to: uplink)], scratch) { gateway in
        // The far side is not there: the uplink tries now and then.
        SystemTime().sleep(milliseconds: options.isQuick ? 1500 : 5000)
        waiting.append(Double(try gateway.residentMemory()))
        try farSide.start()
        try gateway.order("retry", uplink)
        rows.append(row("draining to \(name)", try most(gateway, uplink, seconds: seconds)))
        farSide.kill()
      }
    }
    let gibibytes = Double(backlog.writtenBytes) / Double(1 << 30)
    table.add(row("resident, \(gibibytes.short) GiB waiting", Samples(waiting)))
    for row in rows { table.add(row) }
    table.note(
      "GiB of the log before sealing: what the box has taken; sealed \(Double(backlog.sealedBytes).mebibytes),"
        + " \((Double(backlog.records) / 1e6).short) million records")
  }

  private static func farSides(_ directory: String) throws -> [(String, any FarSide)] {
    [
      (KafkaFarSide.name, try KafkaFarSide(directory: directory)),
      (RabbitMQFarSide.name, try RabbitMQFarSide(directory: directory)),
      (MQTTFarSide.name, try MQTTFarSide(directory: directory)),
    ]
  }

  /// The most that was in use, looked at every few milliseconds until everything has gone or the time is over.
  private static func most(_ gateway: Gateway, _ uplink: String, seconds: Double) throws -> Samples {
    let start = try gateway.uplink(uplink).position
    let cursor = try StoredCursor(gateway.data, "uplink/\(uplink)")
    var most = 0
    let watch = Stopwatch()
    while watch.seconds < seconds {
      try Interruption.check()
      most = max(most, try gateway.residentMemory())
      SystemTime().sleep(milliseconds: 10)
    }
    guard try cursor.position() > start else {
      throw BenchmarkError.cannotMeasure("nothing of the backlog went out: \(try gateway.uplink(uplink))")
    }
    return Samples([Double(most)])
  }

  private static func row(_ name: String, _ bytes: Samples) -> Row {
    let mebibytes = Samples([bytes.minimum, bytes.median, bytes.maximum].map { $0 / 1_048_576 })
    return Row(name: name, measured: bytes.median.mebibytes, judged: mebibytes, target: target, unit: "MiB")
  }
}
