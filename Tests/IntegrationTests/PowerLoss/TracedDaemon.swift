import Platform
import Support

/// A daemon with a small log and a route, whose system calls are recorded while one publisher sends as fast as it is
/// acknowledged: segments are begun, sealed and dropped, and a cursor moves.
struct TracedDaemon {
  struct Trace {
    let lines: Int
    let disk: TracedDisk
    let messages: TracedMessages

    /// The messages that were acknowledged by `line`, but for those in segments that retention had begun to drop.
    func expected(in line: Int) -> Set<Int> {
      var expected: Set<Int> = []
      for (number, acknowledged) in messages.acknowledged where acknowledged <= line {
        guard let segment = messages.segments[number] else { continue }
        if disk.emptied[segment, default: .max] > line { expected.insert(number) }
      }
      return expected
    }
  }

  private static let calls = [
    "openat", "close", "pwrite64", "fdatasync", "fsync", "rename", "unlink", "ftruncate", "fallocate", "mkdir",
    "sendto",
  ]

  private let directory: TemporaryDirectory

  init(in directory: TemporaryDirectory) {
    self.directory = directory
  }

  func run(messages: Int) throws -> Trace {
    let path = directory.path + "/trace"
    let forebay = try ForebayProcess(
      """
      log: { maxBytes: "1 MiB" },
      routes: [{ name: "all", topics: ["#"], file: { path: "\(directory.path)/records" } }],
      """, in: directory,
      tracedBy: [
        "strace", "-f", "-xx", "-s", "2000000", "-o", path, "-e", "trace=" + Self.calls.joined(separator: ","),
      ])
    let client = try MQTTTestClient(port: forebay.mqttPort, clientID: "publisher")
    try publish(0..<(messages / 2), through: client)
    // The sealer goes last where the machine has much to do.
    try waitUntil("two sealed segments") {
      try LocalDisk().list(forebay.data + "/log").count { $0.hasSuffix(".topics") } >= 2
    }
    try publish((messages / 2)..<messages, through: client)
    try forebay.stop()
    let calls = SystemCallParser.parse(try readBytes(path))
    return Trace(
      lines: calls.last?.began ?? 0, disk: TracedDisk(calls, root: forebay.data), messages: TracedMessages(calls))
  }

  /// QoS 1, fifty in flight.
  private func publish(_ messages: Range<Int>, through client: MQTTTestClient) throws {
    var random = SeededGenerator(seed: UInt64(messages.lowerBound))
    var sent = messages.lowerBound
    var acknowledged = messages.lowerBound
    while acknowledged < messages.upperBound {
      var bytes: [UInt8] = []
      while sent < messages.upperBound, sent - acknowledged < 50 {
        let digits = String(repeating: "0", count: 6 - "\(sent)".count) + "\(sent)"
        let noise = (0..<100).map { _ in String(random.next(), radix: 36) }.joined()
        bytes += MQTTTestClient.publish(
          topic: "load", payload: "message\(digits)\(noise)", qos: 1, identifier: UInt16(sent + 1))
        sent += 1
      }
      if !bytes.isEmpty { try client.send(bytes) }
      guard try client.read(milliseconds: 10_000) != nil else { throw TestFailure("no acknowledgement") }
      acknowledged += 1
    }
  }

  private func readBytes(_ path: String) throws -> [UInt8] {
    Array(try readFile(path).utf8)
  }
}
