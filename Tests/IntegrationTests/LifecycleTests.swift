import Glibc
import Platform
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

  @Test func `a data directory that cannot be made ends it with 73`() throws {
    let directory = TemporaryDirectory()
    try writeFile(directory.path + "/file", "")
    let path = directory.path + "/file/data"
    let process = try TestProcess(ForebayProcess.executable, ["run", "--demo", "--data", path], in: directory)
    #expect(try process.wait() == 73)
    #expect(process.errors.contains(path) && process.errors.contains("--data"), "\(process.errors)")
  }

  @Test func `health and status are answered over TCP, too`() throws {
    let forebay = try ForebayProcess()
    let address = try #require(forebay.errors.firstMatch(of: /console on http:\/\/([0-9.:]+)/)?.1)
    for (path, answer) in [("/healthz", "\r\n\r\nok"), ("/api/v1/status", "\"gateway\":\"test-gateway\"")] {
      let socket = try OutgoingSocket.stream(to: String(address), timeoutSeconds: 5)
      _ = socket.send(Array("GET \(path) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".utf8).span.bytes)
      var received: [UInt8] = []
      var piece = [UInt8](repeating: 0, count: 4096)
      while case .moved(let count) = piece.withUnsafeMutableBytes({ socket.read(into: $0) }) {
        received += piece[..<count]
      }
      let text = String(decoding: received, as: UTF8.self)
      #expect(text.hasPrefix("HTTP/1.1 200 OK") && text.contains(answer), "\(text)")
    }
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

  @Test(.timeLimit(.minutes(1)))
  func `many handlers that hang do not add up when it stops`() throws {
    let directory = TemporaryDirectory()
    let routes = (0..<6).map { number in
      "{ name: \"r\(number)\", topics: [\"#\"], exec: [\"sh\", \"-c\", \"touch \(directory.path)/s\(number); sleep 60\"] }"
    }
    let forebay = try ForebayProcess("routes: [\(routes.joined(separator: ", "))]", in: directory)
    let publisher = try TestProcess(
      "mosquitto_pub", ["-h", "127.0.0.1", "-p", "\(forebay.mqttPort)", "-q", "1", "-t", "a", "-m", "1"], in: directory)
    #expect(try publisher.wait() == 0)
    try waitUntil(seconds: 10, "the handlers") {
      (0..<6).allSatisfy { (try? readFile("\(directory.path)/s\($0)")) != nil }
    }
    let began = monotonicSeconds()
    try forebay.stop()
    #expect(monotonicSeconds() - began < 12)
  }

  @Test func `a second signal ends it at once, whatever a handler does`() throws {
    let directory = TemporaryDirectory()
    let started = directory.path + "/started"
    let forebay = try ForebayProcess(
      "routes: [{ name: \"hangs\", topics: [\"#\"], exec: [\"sh\", \"-c\", \"touch \(started); sleep 60\"] }]",
      in: directory)
    let publisher = try TestProcess(
      "mosquitto_pub", ["-h", "127.0.0.1", "-p", "\(forebay.mqttPort)", "-q", "1", "-t", "a", "-m", "1"], in: directory)
    #expect(try publisher.wait() == 0)
    try waitUntil(seconds: 10, "the handler") { (try? readFile(started)) != nil }
    forebay.process.signal(SIGTERM)
    try waitUntil(seconds: 10, "the beginning of the end") { forebay.errors.contains("stopping, as SIGTERM asks") }
    let began = monotonicSeconds()
    forebay.process.signal(SIGINT)
    #expect(try forebay.process.wait() == 1)
    #expect(monotonicSeconds() - began < 3)
    #expect(forebay.errors.contains("ending at once"))
  }

  @Test func `status is answered while it runs, and from the files when it does not`() throws {
    let forebay = try ForebayProcess()
    let publisher = try TestProcess(
      "mosquitto_pub", ["-h", "127.0.0.1", "-p", "\(forebay.mqttPort)", "-q", "1", "-t", "a", "-m", "1"],
      in: forebay.directory)
    #expect(try publisher.wait() == 0)
    try waitUntil(seconds: 5, "the message in the status") {
      try forebay.command("status", "--format", "json").contains("\"messages\":1")
    }
    let report = try forebay.command("status")
    #expect(
      report.contains("test-gateway") && report.contains("health") && report.contains("1, offsets 0 to 0"), "\(report)")
    try forebay.stop()
    let stored = try TestProcess(ForebayProcess.executable, ["status", "--data", forebay.data], in: forebay.directory)
    #expect(try stored.wait() == 1)
    #expect(stored.output.contains("no daemon is running"))
    #expect(
      stored.output.contains("1, offsets 0 to 0\n") && stored.output.contains(" B in 1 segment"),
      "\(stored.output)")
  }
}
