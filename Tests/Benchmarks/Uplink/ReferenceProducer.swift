import Glibc
import Platform

/// librdkafka's own producer, a program that is built here: what a Kafka uplink is compared with.
struct ReferenceProducer {
  private let program: String
  private let messages: String
  private let scratch: String

  /// Builds it.
  /// - Parameters:
  ///   - messages: a file of `Backlog.writeMessages`.
  ///   - directory: where the program and what it says go; there already.
  init(_ messages: String, directory: String) throws {
    self.messages = messages
    scratch = directory
    program = directory + "/kafka_producer"
    guard FileSystem.exists("/usr/include/librdkafka/rdkafka.h") else {
      throw Programs.missing("librdkafka's header is not installed")
    }
    let library = try Self.library()
    let folder = library.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
    let compiler = try RunningProgram(
      "cc",
      [
        "cc", "-O2", "-Wall", "-Werror", "-o", program, Programs.source("Uplink/Peers/kafka_producer.c"), library,
        "-Wl,-rpath,\(folder)",
      ], journal: directory + "/cc")
    try compiler.waitForSuccess()
  }

  /// The library of the Python package: Debian's is too old for the broker.
  private static func library() throws -> String {
    let root = try Programs.python().dropLast("bin/python".count)
    var found = glob_t()
    defer { globfree(&found) }
    let pattern = "\(root)lib/python3*/site-packages/confluent_kafka.libs/librdkafka-*.so.1"
    guard glob(pattern, 0, nil, &found) == 0, let path = found.gl_pathv[0] else {
      throw Programs.missing("librdkafka is not installed")
    }
    return String(cString: path)
  }

  /// Sends all messages to a broker.
  /// - Parameter run: another number each time.
  func run(to farSide: KafkaFarSide, run: Int) throws -> Drain {
    let producer = try RunningProgram(
      "kafka_producer", [program, "127.0.0.1:\(farSide.port)", KafkaFarSide.topic, messages],
      journal: "\(scratch)/produced-\(run)")
    try producer.waitForSuccess()
    let figures = producer.output.split(whereSeparator: { $0 == " " || $0 == "\n" }).compactMap { Double($0) }
    guard figures.count == 3 else { throw producer.failure("does not say what it did") }
    return Drain(records: Int(figures[0]), seconds: figures[1], processorSeconds: figures[2])
  }
}
