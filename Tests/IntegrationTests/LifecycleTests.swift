import Glibc
import Support
import Testing

/// The daemon's life as systemd and an operator see it.
struct LifecycleTests {
  @Test func `SIGTERM and SIGINT end it in order, and what it says is on standard error`() throws {
    for signal in [SIGTERM, SIGINT] {
      let forebay = try ForebayProcess()
      forebay.process.signal(signal)
      #expect(try forebay.process.wait() == 0)
      #expect(forebay.errors.contains("is ready") && forebay.errors.contains("stopped"), "\(forebay.errors)")
      #expect(forebay.process.output.isEmpty)
    }
  }

  @Test func `a second daemon on the same data is refused with 75, and told which process has it`() throws {
    let forebay = try ForebayProcess()
    let other = forebay.directory.path + "/other.json5"
    try writeFile(other, "{ data: \"\(forebay.data)\", mqtt: { listen: [] } }")
    let second = try TestProcess(ForebayProcess.executable, ["run", "--config", other], in: forebay.directory)
    #expect(try second.wait() == 75)
    #expect(second.errors.contains("process \(forebay.process.identifier)"), "\(second.errors)")
    try forebay.stop()
  }

  @Test(arguments: [
    ("mqtt: { listen: [\"127.0.0.1:PORT\"] }", "`mqtt.listen`"),
    ("mqtt: { listen: [] }, console: { listen: \"127.0.0.1:PORT\" }", "`console.listen`"),
  ])
  func `a port that is taken ends it with 69 and an error that names the setting`(
    sections: String, setting: String
  ) throws {
    let forebay = try ForebayProcess()
    let file = forebay.directory.path + "/second.json5"
    let text = "{ data: \"\(forebay.directory.path)/second\", \(sections) }"
    let parts = text.split(separator: "PORT", maxSplits: 1)
    try writeFile(file, parts.joined(separator: "\(forebay.mqttPort)"))
    let second = try TestProcess(ForebayProcess.executable, ["run", "--config", file], in: forebay.directory)
    #expect(try second.wait() == 69)
    #expect(second.errors.contains(setting), "\(second.errors)")
    #expect(second.errors.contains("127.0.0.1:\(forebay.mqttPort)"), "\(second.errors)")
    try forebay.stop()
  }

  @Test func `a UDP port that is taken is named, too`() throws {
    let forebay = try ForebayProcess()
    let file = forebay.directory.path + "/second.json5"
    try writeFile(
      file,
      """
      { data: "\(forebay.directory.path)/second", mqtt: { listen: [] }, udp: [{ listen: "127.0.0.1:\(forebay.udpPort)" }] }
      """)
    let second = try TestProcess(ForebayProcess.executable, ["run", "--config", file], in: forebay.directory)
    #expect(try second.wait() == 69)
    #expect(second.errors.contains("`udp[0].listen`"), "\(second.errors)")
    try forebay.stop()
  }

  @Test func `SIGHUP says what needs a restart, and refuses a wrong file as a whole`() throws {
    let forebay = try ForebayProcess()
    let file = forebay.directory.path + "/forebay.json5"
    let original = try readFile(file)
    forebay.process.signal(SIGHUP)
    try waitUntil(seconds: 10, "an answer to SIGHUP") { forebay.errors.contains("nothing in it has changed") }
    try writeFile(file, "{ gateway: \"other\", data: \"\(forebay.data)\" }")
    forebay.process.signal(SIGHUP)
    try waitUntil(seconds: 10, "an answer to SIGHUP") { forebay.errors.contains("restart to apply") }
    #expect(forebay.errors.contains("`gateway`"))
    try writeFile(file, "{ gatway: 1 }")
    forebay.process.signal(SIGHUP)
    try waitUntil(seconds: 10, "an answer to SIGHUP") { forebay.errors.contains("is refused as a whole") }
    #expect(forebay.errors.contains("did you mean `gateway`?"))
    #expect(try forebay.command("status").contains("test-gateway"))
    try writeFile(file, original)
    try forebay.stop()
  }

  @Test func `status is answered while it runs, and from the files when it does not`() throws {
    let forebay = try ForebayProcess()
    let publisher = try TestProcess(
      "mosquitto_pub", ["-h", "127.0.0.1", "-p", "\(forebay.mqttPort)", "-q", "1", "-t", "a", "-m", "1"],
      in: forebay.directory)
    #expect(try publisher.wait() == 0)
    try waitUntil(seconds: 5, "the message in the status") {
      try forebay.command("status", "--json").contains("\"messages\":1")
    }
    let report = try forebay.command("status")
    #expect(report.contains("test-gateway") && report.contains("health") && report.contains("1 record"), "\(report)")
    try forebay.stop()
    let stored = try TestProcess(ForebayProcess.executable, ["status", "--data", forebay.data], in: forebay.directory)
    #expect(try stored.wait() == 1)
    #expect(stored.output.contains("no daemon is running"))
    #expect(
      stored.output.contains("1 record, offsets 0 to 0, ") && stored.output.contains(" B in 1 segment"),
      "\(stored.output)")
  }
}
