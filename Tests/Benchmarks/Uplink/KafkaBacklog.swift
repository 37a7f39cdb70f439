import Platform

/// How fast a backlog goes to a Kafka broker, and what it costs, next to librdkafka's own producer with the same messages.
/// Each time the broker is a new one.
enum KafkaBacklog {
  static func measure(_ scratch: borrowing ScratchDirectory, _ options: Options, _ table: inout Table) throws {
    let peers = scratch.path("peers")
    try LocalDisk().createDirectory(peers)
    defer {
      scratch.remove("peers")
      scratch.remove("backlog")
      scratch.remove("identified")
    }
    let records = options.isQuick ? 400_000 : 2_000_000
    let backlog = try Backlog(scratch.path("backlog"), .meters, records: records)
    let identified = try Backlog(scratch.path("identified"), .meters, records: records, isIdentified: true)
    try Backlog.writeMessages(.meters, records: backlog.records, to: peers + "/messages")
    let replay = try record(backlog, peers, scratch)
    let producer = try ReferenceProducer(peers + "/messages", directory: peers)
    var drains: [Contestant: [Drain]] = [:]
    var replayed: [Double] = []
    let rounds = options.isQuick ? 3 : 7
    for round in 0..<rounds {
      let broker = try KafkaFarSide(directory: peers)
      // Another one first each time.
      for turn in Contestant.allCases.indices {
        let contestant = Contestant.allCases[(turn + round) % Contestant.allCases.count]
        drains[contestant, default: []].append(
          contestant == .librdkafka
            ? try run(producer, to: broker, round: round)
            : try drain(
              contestant == .identified ? identified : backlog, to: broker, contestant, round: round, scratch))
        broker.kill()
      }
      try broker.start()
      replayed.append(Double(backlog.records) / (try replay.run(port: broker.port, to: "recorded")))
    }
    let theirs = drains[.librdkafka]!
    add("with identity", drains[.identified]!, theirs, isJudged: true, &table)
    add("without identity", drains[.anonymous]!, theirs, isJudged: true, &table)
    add("identity added", drains[.late]!, theirs, isJudged: false, &table)
    table.note(
      "the broker takes \(Samples(replayed).median.perSecond) when it is sent the same bytes again by a plain loop")
    table.note(
      "\(backlog.records) JSON messages of \(PowerMeter.reportBytes) bytes, sealed to"
        + " \(Double(identified.sealedBytes).mebibytes) with identity, \(Double(backlog.sealedBytes).mebibytes) without"
        + " (\(Double(backlog.writtenBytes).mebibytes) before)")
  }

  private enum Contestant: CaseIterable {
    /// Records say who they are, and have from when they were sealed.
    case identified
    /// They do not.
    case anonymous
    /// They do, but were sealed before there was such an uplink: batches are compressed anew.
    case late
    case librdkafka
  }

  private static func add(
    _ kind: String, _ ours: [Drain], _ theirs: [Drain], isJudged: Bool, _ table: inout Table
  ) {
    func row(
      _ name: String, _ value: (Drain) -> Double, _ text: (Double) -> String, _ target: Row.Target
    ) -> Row {
      Row(
        name: name, measured: text(Samples(ours.map(value)).median), reference: text(Samples(theirs.map(value)).median),
        judged: Samples(zip(ours, theirs).map { value($0) / value($1) }), target: isJudged ? target : nil)
    }
    table.add(row("kafka backlog, \(kind)", \.recordsPerSecond, \.perSecond, .atLeast(1.5)))
    table.add(row("  processor time a record", \.processorSecondsPerRecord, \.duration, .atMost(0.5)))
  }

  private static func run(_ producer: ReferenceProducer, to broker: KafkaFarSide, round: Int) throws -> Drain {
    try broker.start()
    return try producer.run(to: broker, run: round)
  }

  private static func record(
    _ backlog: Backlog, _ peers: String, _ scratch: borrowing ScratchDirectory
  ) throws -> Replay {
    let broker = try KafkaFarSide(directory: peers)
    return try Replay(.kafka, of: "recorded", to: broker) { uplink in
      try broker.start()
      try Gateway.with(data: backlog.directory, uplinks: [uplink], scratch) { gateway in
        _ = try gateway.wait(seconds: 600, for: "end of the backlog", of: "recorded") {
          $0.position >= backlog.records
        }
      }
    }
  }

  /// - Parameter round: another one each time: an uplink of its own, which has got nothing yet.
  private static func drain(
    _ backlog: Backlog, to broker: KafkaFarSide, _ contestant: Contestant, round: Int,
    _ scratch: borrowing ScratchDirectory
  ) throws -> Drain {
    let name = "\(contestant)-\(round)"
    let uplink = broker.uplink(name, isIdentified: contestant != .anonymous)
    return try Gateway.with(data: backlog.directory, uplinks: [uplink], scratch) { gateway in
      // Before there is a broker, so that nothing has gone when the time begins.
      _ = try gateway.pause(name)
      try broker.start()
      return try Drain(gateway, name)
    }
  }
}
