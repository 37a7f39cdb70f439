import Support
import Testing

/// What systemd is told, and what it is told by the way the daemon ends.
struct ServiceTests {
  @Test func `the watchdog is fed while all is well, and the end is announced`() throws {
    let directory = TemporaryDirectory()
    let file = directory.path + "/f.json5"
    try writeFile(file, "{ mqtt: { listen: [\"127.0.0.1:0\"] }, console: { listen: null } }")
    let manager = try NotificationSocket(in: directory)
    let daemon = try TestProcess(
      ForebayProcess.executable, ["run", "--config", file, "--data", directory.path + "/data"],
      environment: ["NOTIFY_SOCKET": manager.path, "WATCHDOG_USEC": "300000"], in: directory)
    for line in ["READY=1", "WATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1"] {
      try waitUntil(seconds: 20, "\(line); \(daemon.errors)") { manager.hasReceived(line) }
    }
    daemon.signal(15)
    try waitUntil(seconds: 20, "STOPPING=1") { manager.hasReceived("STOPPING=1") }
    #expect(try daemon.wait() == 0)
  }

  @Test func `a disk that fails ends it with 74, nothing unsynced acknowledged, and a restart goes on`() throws {
    let directory = TemporaryDirectory()
    let tracer = ["strace", "-f", "-o", "/dev/null", "-e", "inject=fdatasync:error=EIO:when=30+"]
    let forebay = try ForebayProcess(in: directory, tracedBy: tracer)
    let client = try MQTTTestClient(port: forebay.mqttPort, clientID: "p")
    var acknowledged = 0
    do {
      for number in 1...100 {
        let payload = "m\(number)"
        try client.send(MQTTTestClient.publish(topic: "t", payload: payload, qos: 1, identifier: UInt16(number)))
        guard let packet = try client.read(milliseconds: 10_000), packet.first == 0x40 else { break }
        acknowledged = number
      }
    } catch {
      // The connection is gone: that is what is expected.
    }
    #expect((1..<100).contains(acknowledged))
    #expect(try forebay.process.wait() == 74)
    #expect(forebay.errors.contains("fdatasync") && forebay.errors.contains("restart to recover"), "\(forebay.errors)")
    try forebay.restart()
    let lines = try forebay.command("query", "t", "--format", "csv")
    for number in 1...acknowledged { #expect(lines.contains("m\(number)\n") || lines.contains("m\(number)\r\n")) }
    try forebay.stop()
  }
}
