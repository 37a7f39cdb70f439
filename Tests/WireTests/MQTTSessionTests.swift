import Bytes
import Support
import Testing
import Wire

@Suite struct MQTTSessionTests {
  @Test(arguments: [
    ("3.1.1", MQTTBytes.connect("c")),
    ("3.1", MQTTBytes.connect("c", name: "MQIsdp", level: 3)),
    ("not clean", MQTTBytes.connect("c", flags: 0)),
    ("an empty id", MQTTBytes.connect("")),
    (
      "with user and password",
      MQTTBytes.connect("c", flags: 0xC2, rest: MQTTBytes.text("u") + MQTTBytes.binary([0xFF]))
    ),
    ("an id beyond ASCII", MQTTBytes.connect("Pumpe/7 – Süd")),
  ])
  func `who may connect`(name: String, bytes: [UInt8]) throws {
    let peer = MQTTPeer()
    try peer.feed(bytes)
    #expect(peer.takeReplies() == [0x20, 2, 0, 0])
    let isConnected = peer.isConnected
    #expect(isConnected)
  }

  @Test func `a client that is refused is told and may say nothing more`() throws {
    let peer = MQTTPeer(refusing: .notAuthorized)
    try peer.feed(MQTTBytes.connect("c"))
    #expect(peer.takeReplies() == [0x20, 2, 0, 5])
    #expect(!peer.isConnected)
    #expect(throws: MQTTViolation.unexpectedPacket) { try peer.feed(MQTTBytes.pingreq) }
  }

  @Test func `CONNECT tells keep-alive, client and will`() throws {
    let peer = MQTTPeer()
    try peer.feed(
      MQTTBytes.connect("c1", keepAlive: 300, flags: 0x2E, rest: MQTTBytes.text("a/will") + MQTTBytes.text("gone")))
    let will = try #require(peer.will)
    #expect(will.topic == Array("a/will".utf8))
    #expect(will.payload == Array("gone".utf8))
    #expect(will.isRetained)
    let keepAlive = peer.keepAliveSeconds
    let clientID = peer.clientID
    #expect(keepAlive == 300)
    #expect(clientID == Array("c1".utf8))
  }

  @Test func `DISCONNECT forgets the will, and nothing may follow`() throws {
    let peer = MQTTPeer()
    try peer.feed(MQTTBytes.connect("c", flags: 0x06, rest: MQTTBytes.text("w") + MQTTBytes.text("")))
    try peer.feed(MQTTBytes.disconnect)
    #expect(peer.hasDisconnected)
    let will = peer.will
    #expect(will == nil)
    #expect(throws: MQTTViolation.unexpectedPacket) { try peer.feed(MQTTBytes.pingreq) }
  }

  @Test func `a stream means the same however it is cut`() throws {
    let stream =
      MQTTBytes.connect("c") + MQTTBytes.publish("a", "0") + MQTTBytes.publish("a", "1", qos: 1, id: 1)
      + MQTTBytes.publish("ü/b", String(repeating: "x", count: 300), qos: 2, id: 2, retain: true)
      + MQTTBytes.subscribe(3, ("a/#", 2)) + MQTTBytes.pingreq + MQTTBytes.unsubscribe(4, "a/#") + MQTTBytes.disconnect
    for cut in 0...stream.count {
      let peer = MQTTPeer()
      try peer.feed(Array(stream[..<cut]))
      try peer.feed(Array(stream[cut...]))
      #expect(peer.stored == ["a=0", "a=1", "ü/b=\(String(repeating: "x", count: 300)) retained"])
      #expect(peer.hasDisconnected)
      let replies = peer.takeReplies()
      #expect(replies == MQTTBytes.accepted + MQTTBytes.suback(3, 2) + MQTTBytes.pingresp + MQTTBytes.unsuback(4))
    }
  }

  @Test func `acknowledgements come with the commit, not before`() throws {
    let peer = MQTTPeer()
    try peer.connect()
    try peer.feed(
      MQTTBytes.publish("a", "0") + MQTTBytes.publish("a", "1", qos: 1, id: 0x1234)
        + MQTTBytes.publish("a", "2", qos: 2, id: 7))
    #expect(peer.takeReplies() == [])
    peer.commit()
    #expect(peer.takeReplies() == [0x40, 2, 0x12, 0x34, 0x50, 2, 0, 7])
  }

  @Test func `a QoS 2 message that comes again before its release is stored once`() throws {
    let peer = MQTTPeer()
    try peer.connect()
    let message = MQTTBytes.publish("a", "x", qos: 2, id: 5)
    let again = MQTTBytes.publish("a", "x", qos: 2, id: 5, duplicate: true)
    try peer.feed(message + again)
    peer.commit()
    #expect(peer.takeReplies() == MQTTBytes.pubrec(5) + MQTTBytes.pubrec(5))
    try peer.feed(again)
    peer.commit()
    #expect(peer.takeReplies() == MQTTBytes.pubrec(5))
    #expect(peer.stored == ["a=x"])
    try peer.feed(MQTTBytes.pubrel(5))
    #expect(peer.takeReplies() == MQTTBytes.pubcomp(5))
    try peer.feed(message)
    #expect(peer.stored == ["a=x", "a=x"])
  }

  @Test func `a QoS 1 message that comes again is another message`() throws {
    let peer = MQTTPeer()
    try peer.connect()
    try peer.feed(
      MQTTBytes.publish("a", "x", qos: 1, id: 5) + MQTTBytes.publish("a", "x", qos: 1, id: 5, duplicate: true))
    #expect(peer.stored == ["a=x", "a=x"])
  }

  @Test func `a release of nothing is answered, a release before the commit is a violation`() throws {
    let peer = MQTTPeer()
    try peer.connect()
    try peer.feed(MQTTBytes.pubrel(9))
    #expect(peer.takeReplies() == MQTTBytes.pubcomp(9))
    try peer.feed(MQTTBytes.publish("a", "x", qos: 2, id: 5))
    #expect(throws: MQTTViolation.unexpectedPacket) { try peer.feed(MQTTBytes.pubrel(5)) }
  }

  @Test func `every packet id can be in flight at QoS 2, in any order`() throws {
    var random = SeededGenerator(seed: 1)
    let peer = MQTTPeer()
    try peer.connect()
    let ids = Array(1...65_535).shuffled(using: &random)
    for id in ids { try peer.feed(MQTTBytes.publish("a", "", qos: 2, id: id)) }
    #expect(peer.stored.count == 65_535)
    for id in ids.prefix(1000) { try peer.feed(MQTTBytes.publish("a", "", qos: 2, id: id, duplicate: true)) }
    #expect(peer.stored.count == 65_535)
    peer.commit()
    _ = peer.takeReplies()
    for id in ids.reversed().prefix(1000) { try peer.feed(MQTTBytes.pubrel(id)) }
    for id in ids.reversed().prefix(1000) { try peer.feed(MQTTBytes.publish("a", "", qos: 2, id: id)) }
    #expect(peer.stored.count == 66_535)
  }

  @Test func `subscriptions are granted as asked for, and replace one another`() throws {
    let peer = MQTTPeer()
    try peer.connect()
    try peer.feed(MQTTBytes.subscribe(1, ("a", 0), ("b", 1), ("c", 2)))
    #expect(peer.takeReplies() == MQTTBytes.suback(1, 0, 1, 2))
    try peer.feed(MQTTBytes.subscribe(2, ("a", 2)))
    #expect(peer.takeReplies() == MQTTBytes.suback(2, 2))
    #expect(peer.subscribed.last?.previous?.qos == .atMostOnce)
    let count = peer.subscriptions.count
    #expect(count == 3)
    try peer.feed(MQTTBytes.unsubscribe(3, "a", "not there"))
    #expect(peer.takeReplies() == MQTTBytes.unsuback(3))
    #expect(peer.unsubscribed.map { "\($0.filter)" } == ["a"])
  }

  @Test func `more subscriptions than allowed are refused one by one`() throws {
    var limits = MQTTLimits()
    limits.maxSubscriptions = 2
    let peer = MQTTPeer(limits)
    try peer.connect()
    let deep = [String](repeating: "+", count: 200).joined(separator: "/")
    try peer.feed(MQTTBytes.subscribe(1, ("a", 0), (deep, 0), ("b", 1), ("c", 0), ("a", 1)))
    #expect(peer.takeReplies() == MQTTBytes.suback(1, 0, 0x80, 1, 0x80, 1))
  }

  @Test func `deliveries have the form of the standard, and QoS 1 a window`() throws {
    var limits = MQTTLimits()
    limits.maxInFlight = 2
    let peer = MQTTPeer(limits)
    try peer.connect()
    #expect(peer.deliver("a", "x", .atMostOnce))
    #expect(peer.takeReplies() == MQTTBytes.publish("a", "x"))
    #expect(peer.deliver("a", "x", .atLeastOnce))
    #expect(peer.deliver("a", "y", .atLeastOnce))
    #expect(!peer.deliver("a", "z", .atLeastOnce))
    #expect(
      peer.takeReplies() == MQTTBytes.publish("a", "x", qos: 1, id: 1) + MQTTBytes.publish("a", "y", qos: 1, id: 2))
    try peer.feed(MQTTBytes.puback(2) + MQTTBytes.puback(9))
    #expect(peer.windowOpenings == 1)
    #expect(peer.deliver("a", "z", .atLeastOnce))
    #expect(peer.takeReplies() == MQTTBytes.publish("a", "z", qos: 1, id: 3))
  }

  @Test func `packet ids of deliveries begin again and pass over those in flight`() throws {
    let peer = MQTTPeer()
    try peer.connect()
    #expect(peer.deliver("a", "", .atLeastOnce))
    for id in 2...65_535 {
      #expect(peer.deliver("a", "", .atLeastOnce))
      try peer.feed(MQTTBytes.puback(id))
    }
    _ = peer.takeReplies()
    #expect(peer.deliver("a", "", .atLeastOnce))
    #expect(peer.takeReplies() == MQTTBytes.publish("a", "", qos: 1, id: 2))
  }
}
