import Glibc
import Support

/// A Kafka cluster that is told to fail, in a process of its own: librdkafka's mock, which stores whatever it is sent. Killed
/// with the last reference.
final class KafkaMockCluster {
  /// `HOST:PORT` of each broker.
  let brokers: [String]
  private let process: TestProcess
  private let commands: CInt
  private var commandCount = 0

  private static let source =
    String("\(#filePath)".dropLast("KafkaMockCluster.swift".count)) + "Peers/kafka_mock_cluster.c"

  init(brokers count: Int, in directory: TemporaryDirectory) throws {
    let program = directory.path + "/kafka_mock_cluster"
    let library = try Self.library()
    let folder = library.prefix(upTo: library.lastIndex(of: "/")!)
    let compiler = try TestProcess(
      "cc", ["-Wall", "-Werror", "-o", program, Self.source, library, "-Wl,-rpath,\(folder)"], in: directory)
    guard try compiler.wait() == 0 else { throw TestFailure("cc: \(compiler.errors)") }
    // Open for reading, too: so it has a writer when the program opens it, and an end never comes.
    let pipe = directory.path + "/kafka_mock_cluster.commands"
    guard mkfifo(pipe, 0o600) == 0 else { throw TestFailure("mkfifo: \(String(cString: strerror(errno)))") }
    let commands = open(pipe, O_RDWR | O_CLOEXEC)
    self.commands = commands
    let started = try TestProcess(program, ["\(count)"], input: pipe, in: directory)
    process = started
    try waitUntil(seconds: 10, "the brokers; \(started.errors)") { started.output.contains("\n") }
    brokers = started.output.prefix { $0 != "\n" }.split(separator: ",").map { String($0) }
  }

  deinit { close(commands) }

  /// The library of the Python client: Debian's is too old for an idempotent producer of today.
  private static func library() throws -> String {
    let root = KafkaBroker.python.dropLast("bin/python".count)
    var found = glob_t()
    defer { globfree(&found) }
    guard glob(root + "lib/python3*/site-packages/confluent_kafka.libs/librdkafka-*.so.1", 0, nil, &found) == 0,
      let path = found.gl_pathv[0]
    else { throw TestFailure("no librdkafka (run Tests/run.sh)") }
    return String(cString: path)
  }

  /// Gives an order, as the program's header has them, and waits until it is carried out.
  func order(_ text: String) throws {
    commandCount += 1
    let line = Array((text + "\n").utf8)
    guard write(commands, line, line.count) == line.count else { throw TestFailure("the cluster has ended") }
    try waitUntil(seconds: 10, "\(text); \(process.errors)") {
      process.output.utf8.count { $0 == UInt8(ascii: "\n") } > commandCount
    }
    guard !process.output.contains("FAILED") else { throw TestFailure(process.output) }
  }
}
