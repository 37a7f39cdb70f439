import Platform
import Synchronization

/// The part of `Outages` that is done inside its namespace.
struct OutageRounds {
  private static let uplinksOfAKind = 2
  private static let perSecond = 50.0
  private static let patienceSeconds = 120.0

  private let scratch: String
  private var network: OutageNetwork
  private let farSides: [(name: String, farSide: any FarSide)]

  /// - Parameter words: a directory, and the cuts.
  static func run(_ words: [String]) throws -> Int32 {
    guard let directory = words.first else {
      throw BenchmarkError.usage("\(Outages.command) DIRECTORY KIND:SECONDS:ROUNDS…")
    }
    try Interruption.watch()
    var rounds = try OutageRounds(directory)
    try rounds.run(words.dropFirst().compactMap { OutageCut($0) })
    return 0
  }

  private init(_ directory: String) throws {
    scratch = directory
    network = try OutageNetwork(directory: directory)
    // The servers take free ports, and so need the network.
    try network.begin()
    farSides = [
      (KafkaFarSide.name, try KafkaFarSide(directory: directory)),
      (RabbitMQFarSide.name, try RabbitMQFarSide(directory: directory)),
      (MQTTFarSide.name, try MQTTFarSide(directory: directory)),
    ]
    for farSide in farSides { try farSide.farSide.start() }
  }

  private mutating func run(_ cuts: [OutageCut]) throws {
    var uplinks: [String] = []
    for (name, farSide) in farSides {
      for number in 1...Self.uplinksOfAKind {
        uplinks.append(farSide.uplink("\(name)-\(number)", to: "\(name)-\(number)"))
      }
    }
    let gateway = try Gateway(data: scratch + "/data", uplinks: uplinks, directory: scratch + "/gateway")
    defer { gateway.program.stop() }
    let publishing = Publishing(gateway, rate: Self.perSecond)
    defer { publishing.stop() }
    try waitForConfirmations(gateway, since: gateway.uplinks()) { _, _ in }
    for cut in cuts {
      for _ in 0..<cut.rounds { try measure(gateway, cut) }
    }
  }

  /// Cuts the line for some seconds and prints a sample for each uplink.
  private mutating func measure(_ gateway: Gateway, _ cut: OutageCut) throws {
    try network.set(cut.kind, isUp: false)
    let down = Stopwatch()
    while down.seconds < Double(cut.seconds) {
      try Interruption.check()
      SystemTime().sleep(milliseconds: 20)
    }
    let before = try gateway.uplinks()
    let watch = Stopwatch()
    try network.set(cut.kind, isUp: true)
    try waitForConfirmations(gateway, since: before) { name, _ in
      Self.show(OutageSample(cut, uplink: name, seconds: watch.seconds).line)
      Self.show("\(name) was \(before[name]?.state ?? "?"); \(before[name]?.lastError ?? "")")
    }
  }

  /// Waits until every uplink has had a shipment confirmed that it had not before.
  private func waitForConfirmations(
    _ gateway: Gateway, since before: [String: UplinkReport], _ confirmed: (String, UplinkReport) -> Void
  ) throws {
    var missing = Set(before.keys)
    try gateway.program.wait(seconds: Self.patienceSeconds, for: "confirmation of everybody") {
      for (name, report) in try gateway.uplinks() where report.shipments > before[name]?.shipments ?? 0 {
        if missing.remove(name) != nil { confirmed(name, report) }
      }
      return missing.isEmpty
    }
  }

  private static func show(_ line: String) {
    var output = StandardOutput()
    output.write(line: line)
    output.flush()
  }
}

/// A few messages a second, all the time, on a thread of its own: there is always something on its way.
private final class Publishing {
  private let mustStop = Flag()
  private var thread: NamedThread?

  private final class Flag: Sendable {
    let isSet = Atomic(false)
  }

  init(_ gateway: Gateway, rate: Double) {
    let (path, mustStop) = (gateway.mqttSocket, mustStop)
    thread = NamedThread.start("publisher") {
      do {
        let publisher = try TelemetryPublisher(path: path)
        try publisher.run(rate: rate, seconds: .infinity) { mustStop.isSet.load(ordering: .relaxed) }
      } catch {
        // The uplinks then have nothing to confirm, which is noticed.
        StandardError.write(line: "\(error)")
      }
    }
  }

  func stop() {
    mustStop.isSet.store(true, ordering: .relaxed)
    thread.take()?.join()
  }
}
