import Glibc
import Platform
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

  @Test(arguments: [1, 3])
  func `a restart refuses no connection where systemd keeps the socket`(threads: Int) throws {
    let directory = TemporaryDirectory()
    let socket = try ListeningSocket(try #require(ListenAddress("127.0.0.1:0")))
    let other = try ListeningSocket(try #require(ListenAddress("127.0.0.1:0")))
    let file = directory.path + "/f.json5"
    try writeFile(
      file,
      """
      {
        data: "\(directory.path)/data",
        mqtt: { listen: ["\(socket.address)"], threads: \(threads) },
        console: { listen: null },
      }
      """)
    // As systemd does it: the descriptors from 3 on, and for whom they are.
    func start() throws -> TestProcess {
      let manager = try NotificationSocket(in: directory)
      let daemon = try TestProcess(
        "sh", ["-c", "export LISTEN_PID=$$; exec \(ForebayProcess.executable) run --config \(file)"],
        environment: [
          "NOTIFY_SOCKET": manager.path, "LISTEN_FDS": "2", "LISTEN_FDNAMES": "forebay.socket:other.socket",
        ],
        inherited: [socket.descriptor, other.descriptor], in: directory)
      try waitUntil(seconds: 20, "READY=1; \(daemon.errors)") { manager.hasReceived("READY=1") }
      return daemon
    }
    func publish(_ payload: String) throws -> TestProcess {
      try TestProcess(
        "mosquitto_pub", ["-p", "\(socket.address.port)", "-t", "a", "-m", payload, "-q", "1"], in: directory)
    }
    let first = try start()
    #expect(first.errors.contains("other.socket: systemd listens on \(other.address) for us"), "\(first.errors)")
    // Whichever thread the client belongs to.
    for _ in 0..<6 { #expect(try publish("before").wait() == 0) }
    first.signal(SIGTERM)
    #expect(try first.wait() == 0)
    let waiting = try publish("meanwhile")
    usleep(200_000)
    #expect(waiting.isRunning)
    let second = try start()
    #expect(try waiting.wait() == 0)
    second.signal(SIGTERM)
    #expect(try second.wait() == 0)
    let query = try TestProcess(
      ForebayProcess.executable, ["query", "a", "--format", "csv", "--data", directory.path + "/data"], in: directory)
    try query.wait()
    #expect(query.output.contains("before") && query.output.contains("meanwhile"))
  }
}
