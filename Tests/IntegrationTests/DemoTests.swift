import Support
import Testing

/// `forebay run --demo`: what somebody sees who has just built it.
struct DemoTests {
  @Test func `the demonstration's devices arrive, over MQTT and UDP, and it says what to try`() throws {
    let directory = TemporaryDirectory()
    let file = directory.path + "/demo.json5"
    let (mqtt, udp) = (freePort(), freePort())
    try writeFile(
      file,
      """
      { mqtt: { listen: ["127.0.0.1:\(mqtt)"] }, udp: [{ listen: "127.0.0.1:\(udp)" }], console: { listen: null } }
      """)
    let data = directory.path + "/data"
    let forebay = try TestProcess(
      ForebayProcess.executable, ["run", "--demo", "--config", file, "--data", data], in: directory)
    try waitUntil(seconds: 20, "the demonstration; \(forebay.errors)") {
      guard forebay.isRunning else { throw TestFailure(forebay.errors) }
      let query = try TestProcess(
        ForebayProcess.executable, ["query", "#", "--format", "csv", "--data", data], in: directory)
      _ = try query.wait()
      let families = ["tele/tasmota_", "shellyplus1pm-", "zigbee2mqtt/", "udp/127.0.0.1"]
      return families.allSatisfy(query.output.contains)
    }
    for hint in [
      "\(ForebayProcess.executable) tail '#' --data \(data)", "mosquitto_pub -h 127.0.0.1 -p \(mqtt) ",
      "/dev/udp/127.0.0.1/\(udp)",
    ] {
      #expect(forebay.output.contains(hint), "\(forebay.output)")
    }
    forebay.signal(2)
    #expect(try forebay.wait() == 0)
    #expect(!forebay.errors.contains("warning: demonstration"), "\(forebay.errors)")
  }
}
