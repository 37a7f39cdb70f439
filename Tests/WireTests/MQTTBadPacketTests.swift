import Bytes
import Support
import Testing
import Wire

@Suite struct MQTTBadPacketTests {
  @Test(arguments: MQTTCase.all)
  func `a bad packet is refused for its reason`(bad: MQTTCase) throws {
    let peer = MQTTPeer()
    if bad.isConnected { try peer.connect(level: bad.level) }
    var reason: String?
    do {
      try peer.feed(bad.bytes)
      reason = peer.refusal?.name
    } catch {
      reason = error.rawValue
      peer.end(error)
    }
    #expect(reason == bad.reason)
    #expect(peer.takeReplies() == bad.reply)
  }

  @Test(arguments: MQTTCase.all)
  func `a bad packet cut short anywhere is refused for no other reason`(bad: MQTTCase) throws {
    for count in 0..<bad.bytes.count {
      let peer = MQTTPeer()
      if bad.isConnected { try peer.connect(level: bad.level) }
      do {
        try peer.feed(Array(bad.bytes[..<count]))
      } catch {
        #expect(error.rawValue == bad.reason, "cut to \(count) bytes")
      }
    }
  }

  @Test(arguments: 1...50 as ClosedRange<UInt64>)
  func `bytes that are changed at random never trap`(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let good: [[UInt8]] = [
      MQTTBytes.publish("a/b", "x", qos: 1, id: 7), MQTTBytes.subscribe(9, ("a/+", 1), ("b/#", 0)),
      MQTTBytes.unsubscribe(10, "a/+"), MQTTBytes.pubrel(3), MQTTBytes.pingreq, MQTTBytes.puback(4),
      MQTTBytes.publish5("a/b", "x", qos: 2, id: 8, properties: MQTTBytes.everyPublishProperty),
      MQTTBytes.subscribe5(9, [0x0B, 7], ("$share/g/a", 1)), MQTTBytes.packet(0xE0, [4, 5, 0x11, 0, 0, 0, 9]),
      MQTTBytes.packet(0x40, [0, 4, 0x10, 0]), MQTTBytes.packet(0x50, [0, 4, 0x80, 0]),
    ]
    for _ in 0..<500 {
      let peer = MQTTPeer()
      if !random.oneIn(4) { try peer.connect(level: random.oneIn(2) ? 5 : 4) }
      let connect =
        random.oneIn(2)
        ? MQTTBytes.connect("c", flags: 0x02)
        : MQTTBytes.connect5("c", [0x11, 0, 0, 0, 9, 0x21, 0, 9, 0x26, 0, 1, 97, 0, 0])
      var bytes = random.oneIn(4) ? connect : good[random.below(good.count)]
      for _ in 0...random.below(3) { bytes[random.below(bytes.count)] = UInt8(truncatingIfNeeded: random.next()) }
      do { try peer.feed(bytes) } catch {}
    }
  }
}
