import Support
import Testing

/// The daemon on a real file system that is full, by its own log and by others.
@Suite(.timeLimit(.minutes(2))) struct SmallDiskTests {
  private let directory = TemporaryDirectory()
  /// Characters that sealing cannot compress to nothing.
  private static let noise: [UInt8] = {
    var random = SeededGenerator(seed: 1)
    return random.bytes(2 << 20).map { 0x30 + $0 & 0x3F }
  }()

  /// Of fifty thousand characters, like no other of the forty messages before.
  private static func payload(_ number: Int) -> String {
    "m\(number)-" + String(decoding: noise[(number % 41 * 50_000)...].prefix(50_000), as: UTF8.self)
  }

  private func makeDisk(mebibytes: Int) throws -> SmallDisk {
    try SmallDisk(bytes: mebibytes << 20, at: directory.path + "/data", in: directory)
  }

  /// An uplink whose broker is not there yet.
  private func uplink(port: Int) -> String {
    """
    uplinks: [{ name: "centre", mqtt: { host: "127.0.0.1", port: \(port), requireSubscribers: false } }]
    """
  }

  /// Publishes one message at a time until one is not acknowledged in time, `count` at the most.
  /// - Returns: how many were.
  private func publish(_ count: Int, _ client: MQTTTestClient, first: Int = 1, milliseconds: Int32 = 20_000) throws
    -> Int
  {
    for number in first..<(first + count) {
      try client.send(
        MQTTTestClient.publish(topic: "plant/a", payload: Self.payload(number), qos: 1, identifier: UInt16(number)))
      guard let packet = try client.read(milliseconds: milliseconds) else { return number - first }
      guard packet == [0x40, 2, UInt8(number >> 8), UInt8(number & 0xFF)] else {
        throw TestFailure("not the acknowledgement that was due: \(packet)")
      }
    }
    return count
  }

  @Test func `on a disk smaller than the log the oldest go, everything is taken, and the loss is said`() throws {
    let disk = try makeDisk(mebibytes: 16)
    let forebay = try ForebayProcess(
      "log: { maxBytes: \"64 MiB\", segment: \"1 MiB\", keepFree: \"2 MiB\" }, \(uplink(port: freePort()))",
      in: directory, on: disk)
    let client = try MQTTTestClient(port: forebay.mqttPort, clientID: "p")
    let count = try publish(600, client)
    #expect(count == 600)
    #expect(disk.free > 0)
    let lines = try forebay.command("query", "plant/#", "--format", "csv").split(separator: "\n")
    #expect(lines.contains { $0.contains("m600-") })
    let gaps = try forebay.command("query", "$forebay/gap", "--format", "csv")
    #expect(gaps.contains("not consumed by uplink/centre"), "\(gaps)")
    try forebay.stop()
  }

  @Test func `a log that refuses goes on by itself when its uplink does, and nothing is missing`() throws {
    let disk = try makeDisk(mebibytes: 32)
    let port = freePort()
    let forebay = try ForebayProcess(
      "log: { maxBytes: \"4 MiB\", segment: \"1 MiB\", keepFree: 0, whenFull: \"refuse\" }, \(uplink(port: port))",
      in: directory, on: disk)
    let client = try MQTTTestClient(port: forebay.mqttPort, clientID: "p")
    let taken = try publish(1000, client, milliseconds: 3000)
    #expect((20..<1000).contains(taken))
    try client.send([0xC0, 0])
    #expect(try client.read(milliseconds: 10_000) == [0xD0, 0])
    let status = try forebay.command("status")
    #expect(status.contains("uplink/centre is furthest behind") && status.contains("`log.maxBytes`"), "\(status)")
    let broker = try MosquittoBroker(in: directory, port: port)
    #expect(try client.read(milliseconds: 60_000) == [0x40, 2, UInt8((taken + 1) >> 8), UInt8((taken + 1) & 0xFF)])
    #expect(try publish(200, client, first: taken + 2) == 200)
    try waitUntil(seconds: 30, "health") {
      try forebay.command("status").contains("health") && !forebay.command("status").contains("log is full")
    }
    #expect(!forebay.errors.contains("dropped"))
    try forebay.stop()
    try broker.stop()
  }

  @Test func `on a disk that others have filled it starts, can be read, and takes messages when there is room`() throws
  {
    let disk = try makeDisk(mebibytes: 8)
    let forebay = try ForebayProcess("log: { segment: \"1 MiB\", keepFree: 0 }", in: directory, on: disk)
    var client = try MQTTTestClient(port: forebay.mqttPort, clientID: "p")
    #expect(try publish(5, client) == 5)
    try forebay.stop()
    try disk.fill()
    for isKilled in [false, true] {
      try forebay.restart()
      client = try MQTTTestClient(port: forebay.mqttPort, clientID: "p")
      try client.send(MQTTTestClient.publish(topic: "plant/a", payload: "late", qos: 1, identifier: 6))
      #expect(try client.read(milliseconds: 1000) == nil)
      let status = try forebay.command("status")
      #expect(status.contains("the disk is full") && status.contains("make room"), "\(status)")
      #expect(try forebay.command("query", "plant/#", "--format", "csv").contains("m5-"))
      if isKilled { try forebay.kill() } else { try forebay.stop() }
    }
    try forebay.restart()
    client = try MQTTTestClient(port: forebay.mqttPort, clientID: "p")
    try client.send(MQTTTestClient.publish(topic: "plant/a", payload: "late", qos: 1, identifier: 6))
    #expect(try client.read(milliseconds: 1000) == nil)
    disk.removeFiller()
    #expect(try client.read(milliseconds: 20_000) == [0x40, 2, 0, 6])
    #expect(try forebay.command("query", "plant/#", "--format", "csv").contains("late"))
    try forebay.stop()
  }

  @Test func `a disk that fills up under it stops the acknowledgements, not the daemon`() throws {
    let disk = try makeDisk(mebibytes: 8)
    let forebay = try ForebayProcess(
      "log: { segment: \"1 MiB\", keepFree: 0, whenFull: \"refuse\" }", in: directory, on: disk)
    let client = try MQTTTestClient(port: forebay.mqttPort, clientID: "p")
    #expect(try publish(5, client) == 5)
    try disk.fill()
    let taken = 5 + (try publish(100, client, first: 6, milliseconds: 2000))
    #expect(taken < 100)
    #expect(forebay.process.isRunning)
    disk.removeFiller()
    #expect(try client.read(milliseconds: 20_000) == [0x40, 2, 0, UInt8(taken + 1)])
    #expect(try publish(20, client, first: taken + 2) == 20)
    try forebay.kill()
    try forebay.restart()
    let lines = try forebay.command("query", "plant/#", "--format", "csv")
    for number in 1...(taken + 21) { #expect(lines.contains("m\(number)-"), "\(number)") }
    try forebay.stop()
  }
}
