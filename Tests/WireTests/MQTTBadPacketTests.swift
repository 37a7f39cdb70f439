import Bytes
import Support
import Testing
import Wire

@Suite struct MQTTBadPacketTests {
  @Test(arguments: MQTTCase.all)
  func `a bad packet is refused for its reason`(bad: MQTTCase) throws {
    let peer = MQTTPeer()
    if bad.isConnected { try peer.connect() }
    var reason: String?
    do {
      try peer.feed(bad.bytes)
      reason = peer.refusal?.rawValue
    } catch {
      reason = error.rawValue
    }
    #expect(reason == bad.reason)
    #expect(peer.takeReplies() == bad.reply)
  }

  @Test(arguments: MQTTCase.all)
  func `a bad packet cut short anywhere is refused for no other reason`(bad: MQTTCase) throws {
    for count in 0..<bad.bytes.count {
      let peer = MQTTPeer()
      if bad.isConnected { try peer.connect() }
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
    ]
    for _ in 0..<500 {
      let peer = MQTTPeer()
      if !random.oneIn(4) { try peer.connect() }
      var bytes = random.oneIn(4) ? MQTTBytes.connect("c", flags: 0x02) : good[random.below(good.count)]
      for _ in 0...random.below(3) { bytes[random.below(bytes.count)] = UInt8(truncatingIfNeeded: random.next()) }
      do { try peer.feed(bytes) } catch {}
    }
  }
}
