import Support
import Testing

/// The listener with the clients that people have: mosquitto_pub and mosquitto_sub (with `stdbuf`, since its output goes
/// to a file).
@Suite(.serialized, .timeLimit(.minutes(2))) struct MQTTClientTests {
  @Test(arguments: ["mqttv31", "mqttv311", "mqttv5"]) func `real clients publish at every QoS and subscribe`(
    version: String
  )
    throws
  {
    let forebay = try ForebayProcess()
    let subscriber = try TestProcess(
      "stdbuf",
      [
        "-oL", "mosquitto_sub", "-V", version, "-p", "\(forebay.mqttPort)", "-i", "watcher", "-t", "plant/#", "-q", "1",
        "-v", "-C", "13", "-d",
      ],
      in: forebay.directory)
    try waitUntil("the subscription") { subscriber.output.contains("received SUBACK") }
    for qos in 0...2 {
      try publish(forebay, ["-V", version, "-t", "plant/\(qos)", "-m", "at \(qos)", "-q", "\(qos)"])
    }
    let lines = forebay.directory.path + "/lines"
    try writeFile(lines, (1...10).map { "line \($0)\n" }.joined())
    try publish(forebay, ["-V", version, "-t", "plant/lines", "-l", "-q", "2"], input: lines)
    try subscriber.wait()
    let received = subscriber.output.split(separator: "\n").filter { $0.hasPrefix("plant/") }.map(String.init)
    #expect(
      received == ["plant/0 at 0", "plant/1 at 1", "plant/2 at 2"] + (1...10).map { "plant/lines line \($0)" })
    try forebay.stop()
    let stored = try forebay.command("query", "plant/#", "--format", "ndjson")
    #expect(stored.split(separator: "\n").count == 13)
  }

  @Test(arguments: [1, 2])
  func `an independent client finds every feature of both versions as the standards have them`(threads: Int) throws {
    let forebay = try ForebayProcess(mqtt: "threads: \(threads)")
    // The packaged paho, whatever other Python there is.
    let peer = try TestProcess("/usr/bin/python3", [Self.pahoPeer, "\(forebay.mqttPort)"], in: forebay.directory)
    let status = try peer.wait()
    #expect(status == 0, "\(peer.output)\(peer.errors)")
    #expect(peer.output.split(separator: "\n").count { $0.hasPrefix("ok ") } == 22, "\(peer.output)")
    try forebay.stop()
  }

  private static let pahoPeer = String("\(#filePath)".dropLast("MQTTClientTests.swift".count)) + "Peers/paho_peer.py"

  @Test(arguments: [1, 2])
  func `sessions, retained messages and wills survive kill -9`(threads: Int) throws {
    let forebay = try ForebayProcess(mqtt: "threads: \(threads)")
    func subscribe(_ arguments: String...) throws -> TestProcess {
      try TestProcess(
        "stdbuf", ["-oL", "mosquitto_sub", "-p", "\(forebay.mqttPort)", "-q", "1", "-v"] + arguments,
        in: forebay.directory)
    }
    let away = try subscribe("-i", "away", "-c", "-t", "plant/#", "-E")
    #expect(try away.wait() == 0)
    let mortal = try subscribe("-i", "mortal", "-t", "x", "-d", "--will-topic", "will/mortal", "--will-payload", "gone")
    try waitUntil("the mortal's subscription") { mortal.output.contains("received SUBACK") }
    try publish(forebay, ["-t", "plant/1", "-m", "kept", "-q", "1", "-r"])
    try publish(forebay, ["-t", "plant/2", "-m", "missed", "-q", "2"])
    mortal.signal(9)
    try forebay.kill()
    try forebay.restart()
    let back = try subscribe("-i", "away", "-c", "-t", "plant/#", "-C", "2")
    try back.wait()
    #expect(back.output == "plant/1 kept\nplant/2 missed\n")
    let late = try subscribe("-t", "plant/+", "-C", "1")
    try late.wait()
    #expect(late.output == "plant/1 kept\n")
    #expect(try forebay.command("query", "will/#", "--format", "ndjson").contains("gone"))
    try forebay.stop()
  }

  @Test(arguments: [1, 2])
  func `clients are shown`(threads: Int) throws {
    let forebay = try ForebayProcess(mqtt: "threads: \(threads)")
    let client = try MQTTTestClient(port: forebay.mqttPort, clientID: "pump-7")
    let table = try forebay.command("clients")
    #expect(table.hasPrefix("CLIENT"))
    #expect(table.contains("pump-7"))
    #expect(try forebay.command("clients", "--format", "json").contains(#""clientID":"pump-7""#))
    _ = client
    try forebay.stop()
  }

  @Test func `a will arrives when its client is killed`() throws {
    let forebay = try ForebayProcess()
    let watcher = try TestProcess(
      "stdbuf", ["-oL", "mosquitto_sub", "-p", "\(forebay.mqttPort)", "-t", "gone/+", "-v", "-C", "1", "-d"],
      in: forebay.directory)
    try waitUntil("the subscription") { watcher.output.contains("received SUBACK") }
    let client = try TestProcess(
      "stdbuf",
      [
        "-oL", "mosquitto_sub", "-p", "\(forebay.mqttPort)", "-i", "pump", "-t", "x", "-d", "--will-topic", "gone/pump",
        "--will-payload",
        "bye",
      ],
      in: forebay.directory)
    try waitUntil("the client's subscription") { client.output.contains("received SUBACK") }
    client.signal(9)
    try watcher.wait()
    #expect(watcher.output.contains("gone/pump bye"))
    try forebay.stop()
  }

  private func publish(_ forebay: ForebayProcess, _ arguments: [String], input: String? = nil) throws {
    let client = try TestProcess(
      "mosquitto_pub", ["-p", "\(forebay.mqttPort)"] + arguments, input: input, in: forebay.directory)
    let status = try client.wait()
    guard status == 0 else { throw TestFailure("mosquitto_pub \(arguments) ended with \(status): \(client.errors)") }
  }
}
