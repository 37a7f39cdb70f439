import Platform

/// What is left for those who publish while an uplink drains a backlog as fast as it can: acknowledged messages a second, and
/// how long one waits for its acknowledgement. The reference is the same daemon with its uplink paused.
enum IngestWhileDraining {
  private struct Measurement {
    let perSecond: Double
    let latencies: Samples
    /// Records that went to the broker meanwhile, a second; nil: paused.
    var drained: Double?
  }

  static func measure(
    _ backlog: Backlog, _ scratch: borrowing ScratchDirectory, _ options: Options, _ table: inout Table
  ) throws {
    let peers = scratch.path("peers")
    try LocalDisk().createDirectory(peers)
    defer { scratch.remove("peers") }
    var paused: [Measurement] = []
    var draining: [Measurement] = []
    for round in 0..<(options.isQuick ? 3 : 5) {
      // A broker and an uplink of their own each time: there is always enough that has not gone yet.
      let broker = try KafkaFarSide(directory: peers)
      let name = "ingest-\(round)"
      try Gateway.with(
        data: backlog.directory, uplinks: [broker.uplink(name, to: KafkaFarSide.topic)], scratch
      ) { gateway in
        _ = try gateway.pause(name)
        try broker.start()
        // The other one first in every second round.
        for drains in [round % 2 == 0, round % 2 != 0] {
          if drains {
            draining.append(try drain(gateway, name, options))
          } else {
            paused.append(try run(gateway, options))
          }
        }
      }
      broker.kill()
    }
    add(draining, paused, &table)
  }

  private static func drain(_ gateway: Gateway, _ name: String, _ options: Options) throws -> Measurement {
    let before = try gateway.uplink(name).position
    let watch = Stopwatch()
    try gateway.order("resume", name)
    var measurement = try run(gateway, options)
    let after = try gateway.uplink(name)
    measurement.drained = Double(after.position - before) / watch.seconds
    guard after.lag > 0, after.retries == 0, after.position > before else {
      throw BenchmarkError.cannotMeasure("the backlog was not being drained all the time: \(after)")
    }
    _ = try gateway.pause(name)
    return measurement
  }

  private static func run(_ gateway: Gateway, _ options: Options) throws -> Measurement {
    let full = try PublishingLoad(port: gateway.port, clients: 50, window: 20, payloadBytes: 100)
    _ = try full.saturate(seconds: 0.2)
    let (messages, seconds) = try full.saturate(seconds: options.isQuick ? 0.6 : 2)
    let paced = try PublishingLoad(port: gateway.port, clients: 50, window: 1000, payloadBytes: 100)
    let latencies = try paced.pace(rate: 2000, seconds: options.isQuick ? 1 : 3)
    return Measurement(perSecond: Double(messages) / seconds, latencies: Samples(latencies))
  }

  private static func add(_ draining: [Measurement], _ paused: [Measurement], _ table: inout Table) {
    func row(
      _ name: String, _ value: (Measurement) -> Double, _ text: (Double) -> String, _ target: Row.Target?
    ) -> Row {
      let ours = draining.map(value)
      let theirs = paused.map(value)
      return Row(
        name: name, measured: text(Samples(ours).median), reference: text(Samples(theirs).median),
        judged: Samples(zip(ours, theirs).map { $0 / $1 }), target: target)
    }
    table.add(row("acks while a backlog drains", \.perSecond, \.perSecond, .atLeast(0.6)))
    table.add(row("ack p50 at 2000/s meanwhile", { $0.latencies.median }, \.duration, nil))
    table.add(row("ack p99 at 2000/s meanwhile", { $0.latencies.percentile(0.99) }, \.duration, .atMost(3)))
    table.note(
      "meanwhile \(Samples(draining.compactMap(\.drained)).median.perSecond) to the broker, which, as the load does, takes"
        + " its part of the \(Machine.processors) processors")
  }
}
