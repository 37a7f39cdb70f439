import Support
import Testing

/// No PUBACK leaves before the `fdatasync` that covers its message has returned: seen from outside, in the daemon's
/// system calls.
struct AcknowledgementOrderTests {
  @Test(arguments: [
    ("mqttv311", "1", 1), ("mqttv5", "1", 1), ("mqttv311", "2", 1), ("mqttv5", "2", 1), ("mqttv311", "1", 2),
    ("mqttv5", "2", 2),
  ])
  func `the listener's PUBACKs and PUBRECs leave after the fdatasync that covers them`(
    version: String, qos: String, threads: Int
  ) throws {
    let directory = TemporaryDirectory()
    let trace = directory.path + "/trace"
    let forebay = try ForebayProcess(
      mqtt: "threads: \(threads)", in: directory, tracedBy: SystemCallTrace.tracer(output: trace))
    let lines = (0..<2000).map { "marker" + String(repeating: "0", count: 6 - "\($0)".count) + "\($0)" }
    try writeFile(directory.path + "/lines", lines.joined(separator: "\n") + "\n")
    let publisher = try TestProcess(
      "mosquitto_pub", ["-h", "127.0.0.1", "-p", "\(forebay.mqttPort)", "-V", version, "-q", qos, "-t", "t", "-l"],
      input: directory.path + "/lines", in: directory)
    #expect(try publisher.wait() == 0)
    try forebay.stop()

    let verdict = try SystemCallTrace(path: trace).verdict(marker: "marker")
    #expect(verdict.messages == 2000)
    #expect(verdict.acknowledgements == 2000)
    #expect(verdict.syncs > 1)
    #expect(verdict.problems == [])
  }
}
