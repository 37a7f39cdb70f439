import Support
import Testing

/// A broker on site, subscribed to: a real mosquitto.
struct BrokerSubscriptionTests {
  private let directory = TemporaryDirectory()

  private func subscription(_ broker: MosquittoBroker) -> String {
    #"subscribe: [{ name: "site", host: "127.0.0.1", port: \#(broker.port), topics: ["line/#"] }]"#
  }

  private func markers(_ range: Range<Int>) -> [String] {
    range.map { "marker" + String(repeating: "0", count: 6 - "\($0)".count) + "\($0)" }
  }

  @Test func `what the broker has is stored with its source, also what came while the daemon was away`() throws {
    let broker = try MosquittoBroker(in: directory)
    let forebay = try ForebayProcess(mqtt: subscription(broker), in: directory)
    try waitUntil("the subscription; \(forebay.errors)") { forebay.errors.contains("subscribed") }
    try broker.publish(markers(0..<100), to: "line/1")
    try waitUntil("100 records") { try forebay.command("query", "line/#").split(separator: "\n").count == 100 }
    try forebay.kill()
    try broker.publish(markers(100..<1100), to: "line/1")
    try forebay.restart()
    try waitUntil("1100 records; \(forebay.errors)") {
      try forebay.command("query", "line/#").split(separator: "\n").count >= 1100
    }
    let output = try forebay.command("query", "line/#", "--format", "ndjson")
    let found = output.split(separator: "\n").compactMap { $0.split(separator: "\"").dropLast().last }
    var seen = Set<Substring>()
    #expect(found.filter { seen.insert($0).inserted }.map(String.init) == markers(0..<1100))
    #expect(output.split(separator: "\n").allSatisfy { $0.contains(#""source":"broker:site""#) })
    try forebay.stop()
  }

  @Test func `a broker keeps what a full log does not take, and a stop does not wait for room`() throws {
    let broker = try MosquittoBroker(in: directory)
    let centre = freePort()
    let forebay = try ForebayProcess(
      """
      log: { maxBytes: "1 MiB", whenFull: "refuse" },
      uplinks: [{ name: "centre", mqtt: { host: "127.0.0.1", port: \(centre), requireSubscribers: true } }]
      """, mqtt: subscription(broker), in: directory)
    try waitUntil("the subscription; \(forebay.errors)") { forebay.errors.contains("subscribed") }
    // What sealing cannot make small.
    var random = SeededGenerator(seed: 1)
    let lines = markers(0..<300).map {
      $0 + String(decoding: random.bytes(8000).map { 0x30 + $0 & 0x3F }, as: UTF8.self)
    }
    try broker.publish(lines, to: "line/1")
    try waitUntil("the log to be full; \(forebay.errors)") { forebay.errors.contains("`log.maxBytes`") }
    try waitUntil("a stop") {
      let start = monotonicSeconds()
      try forebay.stop()
      return monotonicSeconds() - start < 10
    }
    // Nobody has let it go past what is not on disk.
    try forebay.restart()
    let farSide = try MosquittoBroker(in: directory, port: centre)
    // Whoever reads there sees everything; in the log, what has been passed on soon makes room.
    let reader = try TestProcess("mosquitto_sub", ["-p", "\(centre)", "-t", "line/#", "-q", "1"], in: directory)
    try waitUntil(seconds: 90, "all of them; \(forebay.errors)") {
      Set(reader.output.split(separator: "\n").map { $0.prefix(12) }).count == 300
    }
    try forebay.stop()
    try farSide.stop()
  }

  @Test func `PUBACKs to the broker leave after the fdatasync that covers them`() throws {
    let broker = try MosquittoBroker(in: directory)
    let trace = directory.path + "/trace"
    let forebay = try ForebayProcess(
      mqtt: subscription(broker), in: directory, tracedBy: SystemCallTrace.tracer(output: trace))
    try waitUntil("the subscription; \(forebay.errors)") { forebay.errors.contains("subscribed") }
    try broker.publish(markers(0..<1000), to: "line/1")
    try waitUntil("1000 records") { try forebay.command("query", "line/#").split(separator: "\n").count == 1000 }
    try forebay.stop()
    let verdict = try SystemCallTrace(path: trace).verdict(marker: "marker")
    #expect(verdict.messages == 1000)
    #expect(verdict.acknowledgements == 1000)
    #expect(verdict.syncs > 1)
    #expect(verdict.problems == [])
  }
}
