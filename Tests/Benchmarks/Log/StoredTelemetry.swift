import Platform
import Storage

/// What a log of JSON telemetry comes to on disk, and how fast it is read again.
enum StoredTelemetry {
  static func measure(_ scratch: borrowing ScratchDirectory, _ options: Options, _ table: inout Table) throws {
    defer { scratch.remove("log") }
    let rounds = options.isQuick ? 3 : 7
    var configuration = LogConfiguration(directory: scratch.path("log"))
    configuration.maxBytes = 64 << 30
    let log = try Log.open(configuration, startsThreads: false)
    defer { log.close() }
    var filling = Filling(log)
    // The newest segment is never sealed: what is measured is the closed ones.
    while log.segments.count <= (options.isQuick ? 2 : 10) { try filling.step() }
    let written = log.closedBytes
    _ = try measureReading(log, "read, as written", rounds, nil, &table)
    let watch = Stopwatch()
    try log.sealEverything()
    let sealing = watch.seconds
    let messages = try measureReading(log, "read, sealed", rounds, .atLeast(1.5), &table)
    let sealed = log.closedBytes
    func perMessage(_ bytes: Int) -> String { "\((Double(bytes) / Double(messages.records)).short) B" }
    table.add(
      Row(
        name: "JSON telemetry, a message", measured: perMessage(sealed), reference: perMessage(messages.rawBytes),
        judged: Samples([Double(sealed) / Double(messages.rawBytes)]), target: .atMost(1.0 / 6)))
    table.note(
      "sealed, against topic and payload alone; \(perMessage(written)) before; sealing does"
        + " \((Double(written) / sealing / 1e6).short) MB/s on one processor")
  }

  /// - Returns: the last round.
  private static func measureReading(
    _ log: Log, _ name: String, _ rounds: Int, _ target: Row.Target?, _ table: inout Table
  ) throws -> Reading {
    let end = log.segments.last?.base
    var last = try Reading(log, end: end)
    var perProcessor: [Double] = []
    var perWall: [Double] = []
    for _ in 0..<rounds {
      last = try Reading(log, end: end)
      perProcessor.append(Double(last.records) / last.processorSeconds / 1e6)
      perWall.append(Double(last.records) / last.seconds / 1e6)
    }
    let samples = Samples(perProcessor)
    table.add(Row(name: name, measured: "\(samples.median.short) M/s", judged: samples, target: target, unit: "M/s"))
    table.note("messages in a second of processor time; \(Samples(perWall).median.short) M/s as time passes")
    return last
  }
}

extension Log {
  /// Of the segments that are no longer appended to.
  var closedBytes: Int { segments.dropLast().reduce(0) { $0 + $1.bytes } }
}
