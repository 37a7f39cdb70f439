import Support
import Testing
import Wire

/// Conversations of every version with bytes changed here and there: nothing traps, nothing is stored that was not sent
/// whole, and whoever breaks a rule is told so once.
@Suite struct MQTTFuzzTests {
  private static let packetsPerSeed = 125_000

  @Test(arguments: 1...8 as ClosedRange<UInt64>)
  func `a million packets, some of them spoilt`(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var peer = Self.connect(&random)
    var connections = 1
    for _ in 0..<Self.packetsPerSeed {
      var packet = Self.packet(level: peer.level, &random)
      if random.oneIn(20) { Self.spoil(&packet, &random) }
      do {
        try peer.peer.feed(packet)
      } catch {
        peer.peer.end(error)
      }
      if random.oneIn(3) { peer.peer.commit() }
      if random.oneIn(10), peer.peer.isConnected { _ = peer.peer.deliver("a/b", "x", Self.qos(&random)) }
      _ = peer.peer.takeReplies()
      if !peer.peer.isConnected {
        peer = Self.connect(&random)
        connections += 1
      }
    }
    // Most of what is spoilt breaks a rule, and ends its connection.
    #expect(connections > Self.packetsPerSeed / 100, "\(connections)")
  }

  private static func connect(_ random: inout SeededGenerator) -> (peer: MQTTPeer, level: UInt8) {
    let level: UInt8 = random.oneIn(2) ? 5 : 4
    let peer = MQTTPeer()
    do { try peer.connect(level: level) } catch { Issue.record(error) }
    return (peer, level)
  }

  private static func qos(_ random: inout SeededGenerator) -> MQTTQoS {
    MQTTQoS(rawValue: UInt8(random.below(3))) ?? .atMostOnce
  }

  private static func packet(level: UInt8, _ random: inout SeededGenerator) -> [UInt8] {
    let id = 1 + random.below(9)
    let qos = UInt8(random.below(3))
    switch (random.below(9), level) {
    case (0...2, 5):
      let properties =
        random.oneIn(2) ? MQTTBytes.everyPublishProperty : [35, 0, UInt8(1 + random.below(16))]
      return MQTTBytes.publish5("a/b", "payload", qos: qos, id: id, properties: properties)
    case (0...2, _): return MQTTBytes.publish("a/b", "payload", qos: qos, id: id, retain: random.oneIn(9))
    case (3, 5): return MQTTBytes.subscribe5(id, [11, 5], ("a/+", 0x1D), ("$share/g/a/#", 1))
    case (3, _): return MQTTBytes.subscribe(id, ("a/+", qos), ("#", 0))
    case (4, 5): return MQTTBytes.unsubscribe5(id, "a/+", "$share/g/a/#")
    case (4, _): return MQTTBytes.unsubscribe(id, "a/+")
    case (5, _): return MQTTBytes.puback(id)
    case (6, _): return MQTTBytes.pubrec(id)
    case (7, _): return MQTTBytes.pubcomp(id)
    default: return MQTTBytes.pingreq
    }
  }

  private static func spoil(_ packet: inout [UInt8], _ random: inout SeededGenerator) {
    switch random.below(4) {
    case 0: packet[random.below(packet.count)] = UInt8(random.below(256))
    case 1: packet[random.below(packet.count)] ^= 1 << UInt8(random.below(8))
    case 2: packet.removeLast(random.below(packet.count))
    default: packet.insert(UInt8(random.below(256)), at: random.below(packet.count))
    }
  }
}
