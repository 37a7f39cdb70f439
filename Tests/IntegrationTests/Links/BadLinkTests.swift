import Support
import Testing

/// The built daemon forwarding over lines that break, to several real servers at a time.
@Suite(.serialized, .timeLimit(.minutes(5)), .farSideServers) struct BadLinkTests {
  private let servers = FarSideServers.shared!
  private let directory = TemporaryDirectory()
  private var random = SeededGenerator(seed: 7)

  /// `mN-…`, so that N can be told, and zstd makes little of it.
  private mutating func payloads(_ numbers: Range<Int>, bytes: Int = 400) -> [String] {
    numbers.map { number in
      "m\(number)-" + String(decoding: random.bytes(bytes).map { 0x41 + $0 % 26 }, as: UTF8.self)
    }
  }

  private func publish(_ payloads: [String], to forebay: ForebayProcess) throws {
    try MosquittoBroker.publish(payloads, to: "bulk/1", port: forebay.mqttPort, in: directory)
  }

  private func become(_ state: LinkProxy.State) {
    for line in servers.lines.values { line.become(state) }
  }

  /// Each record once and in order; where the far side cannot tell, again under the same identity.
  private func expect(_ payloads: [String], at topic: String) throws {
    let readers = try FarSide.allCases.map { try servers.read($0, topic) }
    for reader in readers {
      let (side, arrivals) = (reader.side, try reader.arrivals(count: payloads.count))
      var seen = Set<Arrival>()
      let firsts = arrivals.filter { seen.insert($0).inserted }
      // Compared here: nobody wants to read thousands of payloads.
      let isComplete = firsts.map(\.payload) == payloads
      let isOrdered = zip(firsts, firsts.dropFirst()).allSatisfy { $0.offset < $1.offset }
      #expect(isComplete && isOrdered, "\(side): \(firsts.count) of \(payloads.count)")
      if side.takesOnce { #expect(arrivals.count == firsts.count, "\(side)") }
    }
  }

  @Test mutating func `everything arrives, in order, over lines that are cut again and again at any byte`() throws {
    try servers.prepare("cut")
    become(.cut)
    let forebay = try ForebayProcess(servers.uplinks("cut") { _ in "shipment: { records: 100 }" }, in: directory)
    let payloads = payloads(0..<4000)
    var cuts: [FarSide: Int] = [:]
    for round in 0..<8 {
      try publish(Array(payloads[(500 * round)..<(500 * (round + 1))]), to: forebay)
      for line in servers.lines.values {
        if round % 2 == 0 {
          line.become(.cut, after: 1 + random.below(100_000), .up)
        } else {
          // The far sides say little: that they are there, and what they have.
          line.become(.cut, after: 1 + random.below(1000), .down)
        }
      }
      try forebay.retryUplinks()
      try waitUntil(seconds: 20, "the cuts, round \(round); \(forebay.errors)") {
        try forebay.uplinks().allSatisfy { $0.lag == 0 || servers.line(to: $0).state == .cut }
      }
      for (side, line) in servers.lines where line.state == .cut { cuts[side, default: 0] += 1 }
      become(.cut)
    }
    become(.open)
    try forebay.retryUplinks()
    try forebay.waitUntilForwarded()
    #expect(FarSide.allCases.allSatisfy { cuts[$0, default: 0] >= 4 }, "\(cuts)")
    try forebay.stop()
    try expect(payloads, at: "cut")
  }

  @Test(arguments: [LinkProxy.State.silent, .mute])
  mutating func `a far side that is gone without a word is noticed and named, and ingest goes on`(
    state: LinkProxy.State
  ) throws {
    let topic = "\(state)"
    try servers.prepare(topic)
    become(.cut)
    let forebay = try ForebayProcess(
      servers.uplinks(topic) { _ in #"shipment: { records: 100 }, timeout: "3 s""# }, in: directory)
    let payloads = payloads(0..<2000)
    try publish(Array(payloads[..<1500]), to: forebay)
    for line in servers.lines.values { line.become(state, after: 100_000, .up) }
    try forebay.retryUplinks()
    try waitUntil(seconds: 10, "the lines to break; \(forebay.errors)") {
      servers.lines.values.allSatisfy { $0.state == state }
    }
    #expect(try forebay.uplinks().allSatisfy { $0.lag > 0 })
    let start = monotonicSeconds()
    try publish(Array(payloads[1500...]), to: forebay)
    #expect(monotonicSeconds() - start < 5)

    try waitUntil(seconds: 20, "the words; \(forebay.errors)") {
      try forebay.uplinks().allSatisfy {
        $0.lastError.hasSuffix("connected, but nothing has been confirmed for 3 s")
          || $0.lastError.contains("Connection timed out")
      }
    }
    #expect(try forebay.command("status").contains("last error: "))
    become(.open)
    try forebay.retryUplinks()
    try forebay.waitUntilForwarded()
    try forebay.stop()
    try expect(payloads, at: topic)
  }

  /// Forwards `payloads` over lines that stay up, however slow they are, and says how long each uplink took.
  private func time(_ forebay: ForebayProcess, _ payloads: [String], at topic: String) throws -> [FarSide: Double] {
    try publish(payloads, to: forebay)
    let before = servers.lines.mapValues { $0.connections }
    let start = monotonicSeconds()
    become(.open)
    try forebay.retryUplinks()
    var seconds: [FarSide: Double] = [:]
    try waitUntil(seconds: 60, "the uplinks; \(seconds), \(forebay.errors)") {
      for uplink in try forebay.uplinks() where uplink.lag == 0 {
        let side = FarSide(rawValue: uplink.name)!
        seconds[side] = seconds[side] ?? monotonicSeconds() - start
      }
      return seconds.count == FarSide.allCases.count
    }
    // Slow is not dead: no connection was given up.
    #expect(try forebay.uplinks().map(\.retries) == [0, 0, 0, 0], "\(forebay.errors)")
    #expect(servers.lines.allSatisfy { side, line in line.connections == before[side]! + 1 }, "\(forebay.errors)")
    for line in servers.lines.values { line.setLine() }
    try forebay.stop()
    try expect(payloads, at: topic)
    return seconds
  }

  @Test mutating func `a line of 300 ms is kept busy by several shipments at a time`() throws {
    try servers.prepare("long")
    become(.cut)
    for line in servers.lines.values { line.setLine(delayMilliseconds: 150) }
    let forebay = try ForebayProcess(
      servers.uplinks("long") { side in
        // To an MQTT broker messages, not shipments, are many at a time.
        #"shipment: { records: \#(side.takesOnce ? 50 : 1000) }, timeout: "5 s""#
      }, in: directory)
    let seconds = try time(forebay, payloads(0..<3000), at: "long")
    // One shipment after the other would take 60 × 300 ms; messages, 20 at a time, 150 × 300 ms.
    for side in [FarSide.kafka, .rabbitMQ] { #expect(seconds[side]! < 15, "\(side)") }
    #expect(seconds[.messages]! < 30)
  }

  @Test mutating func `a thin line is used as far as it goes, and no time-out takes it for dead`() throws {
    try servers.prepare("thin")
    become(.cut)
    // The batch is longer on its way than two pings would be apart.
    func rate(_ side: FarSide) -> Int { side == .batches ? 24 << 10 : 64 << 10 }
    for (side, line) in servers.lines { line.setLine(bytesPerSecond: rate(side)) }
    let forebay = try ForebayProcess(
      servers.uplinks("thin", mqtt: #"keepAlive: "5 s""#) { _ in
        #"shipment: { records: 10000, bytes: "1 MiB" }, timeout: "3 s""#
      }, in: directory)
    // One shipment, which takes longer than nothing may move.
    let before = servers.lines.mapValues { $0.bytesUp }
    let seconds = try time(forebay, payloads(0..<1000), at: "thin")
    for (side, line) in servers.lines {
      let bytes = line.bytesUp - before[side]!
      #expect(bytes > 200_000)
      #expect(seconds[side]! < Double(bytes) / Double(rate(side)) * 1.5 + 2, "\(side)")
    }
  }

  @Test mutating func `one healthy uplink among dead ones does as if it were alone`() throws {
    try servers.prepare("beside")
    let mute = try LinkProxy(to: 1)
    mute.become(.mute)
    let others = """
      { name: "closed", timeout: "2 s", mqtt: { host: "127.0.0.1", port: \(freePort()) } },
      { name: "mute", timeout: "2 s", kafka: { brokers: ["127.0.0.1:\(mute.port)"], topic: "beside" } },
      { name: "stranger", rabbitmq: { hosts: ["127.0.0.1:\(servers.lines[.rabbitMQ]!.port)"], stream: "beside",
        user: "guest", password: "wrong", followLeader: false } }
      """
    let forebay = try ForebayProcess(
      servers.uplinks("beside", others: others) { _ in #"timeout: "2 s""# }, in: directory)
    let payloads = payloads(0..<3000)
    try publish(Array(payloads[..<100]), to: forebay)
    func waitUntilForwarded(_ healthy: Set<FarSide>) throws {
      try waitUntil(seconds: 10, "the healthy ones; \(forebay.errors)") {
        try forebay.uplinks().allSatisfy { FarSide(rawValue: $0.name).map(healthy.contains) != true || $0.lag == 0 }
      }
    }
    try waitUntilForwarded(Set(FarSide.allCases))
    servers.lines[.batches]!.become(.silent)
    servers.lines[.kafka]!.become(.cut)
    let start = monotonicSeconds()
    try publish(Array(payloads[100...]), to: forebay)
    try waitUntilForwarded([.messages, .rabbitMQ])
    #expect(monotonicSeconds() - start < 8)
    let words = [
      "batches": "nothing has been confirmed for 2 s", "kafka": "Connection refused", "closed": "Connection refused",
      "stranger": "refuses the user or the password",
      // Nothing yet: it takes ten seconds.
      "mute": "",
    ]
    try waitUntil(seconds: 20, "each one's words; \(forebay.errors)") {
      try forebay.uplinks().allSatisfy { $0.lastError.contains(words[$0.name] ?? "") }
    }
    for uplink in try forebay.uplinks() where words[uplink.name] == nil {
      #expect(uplink.retries == 0 && uplink.lag == 0 && uplink.lastError.isEmpty, "\(uplink.name)")
    }
    become(.open)
    try forebay.retryUplinks()
    try waitUntilForwarded(Set(FarSide.allCases))
    // Three are still on their way to nowhere.
    let stop = monotonicSeconds()
    try forebay.stop()
    #expect(monotonicSeconds() - stop < 8)
    try expect(payloads, at: "beside")
  }
}
