import Support
import Testing

/// What was acknowledged arrives at a central broker: a real mosquitto that is stopped, started and refused to be reached.
struct MQTTUplinkTests {
  private let directory = TemporaryDirectory()

  private func uplink(_ broker: MosquittoBroker, _ more: String = "") -> String {
    """
    uplinks: [{ name: "centre", topics: ["plant/#"],
      mqtt: { host: "127.0.0.1", port: \(broker.port), \(more) } }]
    """
  }

  private func lines(_ range: Range<Int>) -> [String] { range.map { "m\($0)" } }

  /// Payloads at the broker, with those that come again right behind the first time removed.
  private func payloads(_ output: String) -> [String] {
    output.split(separator: "\n").map { String($0.split(separator: " ").last ?? "") }
  }

  @Test func `messages arrive in order, with their identity, across an outage of the broker`() throws {
    let broker = try MosquittoBroker(in: directory)
    try broker.subscribePersistently("plant/#", as: "reader")
    let forebay = try ForebayProcess(uplink(broker), in: directory)
    try MosquittoBroker.publish(lines(0..<500), to: "plant/a", port: forebay.mqttPort, in: directory)
    let reader = try broker.receive("plant/#", as: "reader", ["-V", "5", "-F", "%t %p %P"])
    try waitUntil("500 messages") { payloadCount(reader.output) >= 500 }
    reader.signal(15)
    try reader.wait()

    try broker.stop()
    try MosquittoBroker.publish(lines(500..<1500), to: "plant/a", port: forebay.mqttPort, in: directory)
    try broker.start()
    let second = try broker.receive("plant/#", as: "reader", ["-V", "5", "-F", "%t %p %P"])
    try waitUntil(seconds: 60, "the rest; \(forebay.errors)") {
      identities(reader.output + second.output).count >= 1500
    }
    let all = reader.output + second.output
    // Each message once, or again under the same identity; the first of each in order.
    #expect(identities(all) == (0..<1500).map { "m\($0) \($0)" })
    #expect(all.contains("forebay-gateway:test-gateway"))
    try forebay.stop()
  }

  @Test func `everything arrives with the daemon killed in the middle of the backlog`() throws {
    let broker = try MosquittoBroker(in: directory)
    try broker.subscribePersistently("plant/#", as: "reader")
    try broker.stop()
    let forebay = try ForebayProcess(uplink(broker), in: directory)
    try MosquittoBroker.publish(lines(0..<20_000), to: "plant/a", port: forebay.mqttPort, in: directory)
    try forebay.kill()
    try broker.start()
    let reader = try broker.receive("plant/#", as: "reader", ["-V", "5", "-F", "%t %p %P"])
    for threshold in [2000, 8000] {
      try forebay.restart()
      try waitUntil(seconds: 60, "\(threshold) messages") { payloadCount(reader.output) >= threshold }
      try forebay.kill()
    }
    try forebay.restart()
    try waitUntil(seconds: 90, "all; \(forebay.errors)") { reader.output.contains("m19999 ") }
    #expect(identities(reader.output) == (0..<20_000).map { "m\($0) \($0)" })
    try forebay.stop()
  }

  @Test func `batches arrive compressed, and unpack gives the records back`() throws {
    let broker = try MosquittoBroker(in: directory)
    try broker.subscribePersistently("forebay/#", as: "reader")
    let forebay = try ForebayProcess(uplink(broker, #"format: "batches""#), in: directory)
    try MosquittoBroker.publish(lines(0..<3000), to: "plant/a", port: forebay.mqttPort, in: directory)
    try MosquittoBroker.publish(["not wanted"], to: "other/a", port: forebay.mqttPort, in: directory)
    try MosquittoBroker.publish(["last"], to: "plant/b", port: forebay.mqttPort, in: directory)
    let script = """
      mosquitto_sub -h 127.0.0.1 -p \(broker.port) -q 1 -i reader -c -t 'forebay/#' -N |
        '\(ForebayProcess.executable)' unpack --gateway test-gateway
      """
    let unpacked = try TestProcess("bash", ["-c", script], in: directory)
    try waitUntil(seconds: 30, "the last record; \(forebay.errors)") { unpacked.output.contains(#""last""#) }
    let found = unpacked.output.split(separator: "\n")
    #expect(found.count == 3001)
    #expect(found.allSatisfy { $0.hasPrefix(#"{"gateway":"test-gateway","epoch":""#) })
    for (index, line) in found.prefix(3000).enumerated() {
      guard line.contains("\"offset\":\(index),"), line.hasSuffix("\"payload\":\"m\(index)\"}") else {
        Issue.record("line \(index): \(line)")
        break
      }
    }
    #expect(found.last!.contains(#""offset":3001,"#))
    try forebay.stop()
  }

  @Test func `what the log has sealed arrives as it was sealed, and unpack gives the records back`() throws {
    let broker = try MosquittoBroker(in: directory)
    try broker.subscribePersistently("forebay/#", as: "reader")
    try broker.stop()
    let forebay = try ForebayProcess(
      uplink(broker, #"format: "batches""#) + #", log: { segment: "1 MiB" }"#, in: directory)
    let padding = String(repeating: "x", count: 300)
    try MosquittoBroker.publish(
      (0..<8000).map { "\(padding)\($0)" }, to: "plant/a", port: forebay.mqttPort, in: directory)
    try waitUntil(seconds: 30, "two segments are sealed; \(forebay.errors)") {
      try forebay.command("status", "--format", "json").contains(#""sealedSegments":2"#)
    }
    try broker.start()
    _ = try forebay.command("uplink", "retry", "centre")
    let script = """
      mosquitto_sub -h 127.0.0.1 -p \(broker.port) -q 1 -i reader -c -t 'forebay/#' -N |
        '\(ForebayProcess.executable)' unpack --gateway test-gateway
      """
    let unpacked = try TestProcess("bash", ["-c", script], in: directory)
    try waitUntil(seconds: 30, "the last record; \(forebay.errors)") { unpacked.output.contains("x7999\"") }
    let found = unpacked.output.split(separator: "\n")
    #expect(found.count == 8000)
    for (index, line) in found.enumerated() {
      guard line.contains("\"offset\":\(index),"), line.hasSuffix("x\(index)\"}") else {
        Issue.record("line \(index): \(line)")
        break
      }
    }
    try forebay.stop()
  }

  @Test func `messages nobody is subscribed to are kept until somebody is`() throws {
    let broker = try MosquittoBroker(in: directory)
    let forebay = try ForebayProcess(uplink(broker), in: directory)
    try MosquittoBroker.publish(lines(0..<10), to: "plant/a", port: forebay.mqttPort, in: directory)
    try waitUntil("the warning") { forebay.errors.contains("requireSubscribers") }
    let reader = try broker.receive("plant/#", as: "late", ["-F", "%t %p"])
    try waitUntil("the messages") { payloadCount(reader.output) >= 10 }
    #expect(payloads(reader.output) == lines(0..<10))
    try forebay.stop()
  }

  @Test func `what the broker's access rules refuse is kept, and goes on when they allow it`() throws {
    let rules = directory.path + "/acl"
    try writeFile(rules, "topic read #\ntopic write plant/a\n")
    let broker = try MosquittoBroker(in: directory, options: ["acl_file \(rules)"])
    try broker.subscribePersistently("plant/#", as: "reader")
    let forebay = try ForebayProcess(uplink(broker), in: directory)
    try MosquittoBroker.publish(lines(0..<10), to: "plant/a", port: forebay.mqttPort, in: directory)
    try MosquittoBroker.publish(lines(10..<20), to: "plant/b", port: forebay.mqttPort, in: directory)
    try MosquittoBroker.publish(lines(20..<30), to: "plant/a", port: forebay.mqttPort, in: directory)
    try waitUntil(seconds: 10, "the refusal; \(forebay.errors)") {
      try forebay.command("uplink", "list").split { $0.isWhitespace }.joined(separator: " ")
        .contains("does not take a message: Not authorized; look at the broker's access rules and quotas")
    }
    // Neither taken for delivered, nor set aside.
    let uplink = try forebay.uplink("centre")
    #expect((1...20).contains(uplink.lag))
    #expect(try !forebay.command("status").contains("dead letters"))
    try writeFile(rules, "topic readwrite #\n")
    broker.reload()
    _ = try forebay.command("uplink", "retry", "centre")
    try forebay.waitUntilForwarded()
    let reader = try broker.receive("plant/#", as: "reader", ["-V", "5", "-F", "%t %p %P"])
    try waitUntil("the rest; \(forebay.errors)") { identities(reader.output).count >= 30 }
    #expect(identities(reader.output).sorted() == (0..<30).map { "m\($0) \($0)" }.sorted())
    try forebay.stop()
  }

  private func payloadCount(_ output: String) -> Int { output.utf8.count { $0 == UInt8(ascii: "\n") } }

  /// `payload offset` of each message, the first time it comes.
  private func identities(_ output: String) -> [String] {
    var seen = Set<String>()
    var found: [String] = []
    for line in output.split(separator: "\n") {
      let words = line.split(separator: " ")
      guard words.count >= 2, let offset = words.first(where: { $0.hasPrefix("forebay-offset:") }) else { continue }
      let identity = "\(words[1]) \(offset.dropFirst("forebay-offset:".count))"
      if seen.insert(identity).inserted { found.append(identity) }
    }
    return found
  }
}
