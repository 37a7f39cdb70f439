import Platform
import Storage

/// What a log of JSON telemetry comes to on disk, and how fast it is read again.
enum StoredTelemetry {
  static func measure(_ scratch: borrowing ScratchDirectory, _ options: Options, _ table: inout Table) throws {
    defer { scratch.remove("log") }
    let messages = options.isQuick ? 200_000 : 2_000_000
    let rounds = options.isQuick ? 3 : 5
    var configuration = LogConfiguration(directory: scratch.path("log"))
    configuration.maxBytes = 64 << 30
    let rawBytes = try fill(configuration, messages)
    // Opened anew: what was the newest segment is closed then, and can be sealed like the others.
    let log = try Log.open(configuration)
    defer { log.close() }
    let written = log.segments.reduce(0) { $0 + $1.bytes }
    try measureReading(log, "read, as written", rounds, nil, &table)
    try log.sealEverything()
    try measureReading(log, "read, sealed", rounds, .atLeast(1.5), &table)
    let sealed = log.segments.reduce(0) { $0 + $1.bytes }
    func perMessage(_ bytes: Int) -> String { "\((Double(bytes) / Double(messages)).short) B" }
    table.add(
      Row(
        name: "JSON telemetry, a message", measured: perMessage(sealed), reference: perMessage(rawBytes),
        judged: Samples([Double(sealed) / Double(rawBytes)]), target: .atMost(1.0 / 6)))
    table.note("topic and payload; \(perMessage(written)) in the log before it is sealed")
  }

  /// - Returns: the bytes of topics and payloads.
  private static func fill(_ configuration: LogConfiguration, _ messages: Int) throws -> Int {
    let log = try Log.open(configuration)
    defer { log.close() }
    var filling = try Filling(log)
    while filling.messages < messages { try filling.turn(min(Filling.turnMessages, messages - filling.messages)) }
    try filling.finish()
    return filling.rawBytes
  }

  private static func measureReading(
    _ log: Log, _ name: String, _ rounds: Int, _ target: Row.Target?, _ table: inout Table
  ) throws {
    var perProcessor: [Double] = []
    var perWall: [Double] = []
    for _ in 0..<rounds {
      let reading = try Reading(log)
      perProcessor.append(Double(reading.records) / reading.processorSeconds / 1e6)
      perWall.append(Double(reading.records) / reading.seconds / 1e6)
    }
    let samples = Samples(perProcessor)
    table.add(Row(name: name, measured: "\(samples.median.short) M/s", judged: samples, target: target))
    table.note("a second of processor time; \(Samples(perWall).median.short) M/s as time passes")
  }
}
