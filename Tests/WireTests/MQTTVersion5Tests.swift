import Records
import Support
import Testing
import Wire

/// What version 5 adds, byte by byte from the standard.
@Suite struct MQTTVersion5Tests {
  private func connected(_ properties: [UInt8] = [], _ limits: MQTTLimits = MQTTLimits()) throws -> MQTTPeer {
    let peer = MQTTPeer(limits)
    try peer.feed(MQTTBytes.connect5("c", properties))
    _ = peer.takeReplies()
    return peer
  }

  @Test func `the client is told what the server allows`() throws {
    var limits = MQTTLimits()
    limits.receiveMaximum = 20
    limits.maxPacketBytes = 4096
    limits.topicAliasMaximum = 3
    limits.maxKeepAliveSeconds = 30
    limits.maxSessionExpirySeconds = 100
    let peer = MQTTPeer(limits)
    try peer.feed(MQTTBytes.connect5("", [0x11, 0, 0, 1, 0], keepAlive: 60))
    let properties: [UInt8] =
      [0x11, 0, 0, 0, 100, 0x21, 0, 20, 0x27, 0, 0, 0x10, 0] + [0x12] + MQTTBytes.text("assigned")
      + [0x22, 0, 3, 0x13, 0, 30]
    #expect(
      peer.takeReplies() == MQTTBytes.packet(0x20, [0, 0, UInt8(properties.count)] + properties))
    let keepAlive = peer.keepAliveSeconds
    #expect(keepAlive == 30)
  }

  @Test func `a session that is there is gone on with`() throws {
    var state = MQTTSessionState()
    state.subscriptions = [MQTTSubscription(filter: try TopicFilter("a"), qos: .exactlyOnce)]
    state.inbound = [5]
    state.outbound = [
      MQTTOutboundMessage(packetID: 7, qos: .exactlyOnce, offset: 3, isReceived: true),
      MQTTOutboundMessage(packetID: 8, qos: .atLeastOnce, offset: 4),
    ]
    let peer = MQTTPeer(resuming: state)
    try peer.feed(MQTTBytes.connect("c", flags: 0))
    #expect(peer.takeReplies() == [0x20, 2, 1, 0])
    let kept = peer.session.state
    #expect(kept == state)
    // The message of packet id 5 is there already.
    try peer.feed(MQTTBytes.publish("a", "x", qos: 2, id: 5, duplicate: true))
    #expect(peer.stored == [])
    peer.commit()
    try peer.feed(MQTTBytes.pubrel(5) + MQTTBytes.pubcomp(7) + MQTTBytes.puback(8))
    #expect(peer.takeReplies() == MQTTBytes.pubrec(5) + MQTTBytes.pubcomp(5))
    #expect(peer.windowOpenings == 2)
    let rest = peer.session.state
    #expect(rest.inbound == [] && rest.outbound == [])
  }

  @Test func `properties are stored as headers, and go out as properties`() throws {
    let peer = try connected()
    try peer.feed(MQTTBytes.publish5("a", "x", properties: MQTTBytes.everyPublishProperty))
    let headers = try #require(peer.storedHeaders.last)
    #expect(headers.count == 7)
    #expect(peer.deliver("a", "x", .atMostOnce, headers, expirySeconds: 200))
    // The expiry goes first, and is what remains.
    let rest = MQTTBytes.everyPublishProperty
    let expected = [2, 0, 0, 0, 200] + rest[..<2] + rest[7...]
    #expect(peer.takeReplies() == MQTTBytes.publish5("a", "x", properties: Array(expected)))
    let old = MQTTPeer()
    try old.connect()
    #expect(old.deliver("a", "x", .atMostOnce, headers, subscriptionIDs: [3]))
    #expect(old.takeReplies() == MQTTBytes.publish("a", "x"))
  }

  @Test func `a number stands for its topic until it is given to another`() throws {
    let peer = try connected()
    try peer.feed(MQTTBytes.publish5("a/b", "1", properties: [35, 0, 2]))
    try peer.feed(MQTTBytes.publish5("", "2", properties: [35, 0, 2]))
    try peer.feed(MQTTBytes.publish5("c", "3", properties: [35, 0, 2]))
    try peer.feed(MQTTBytes.publish5("", "4", qos: 1, id: 1, properties: [35, 0, 2]))
    #expect(peer.stored == ["a/b=1", "a/b=2", "c=3", "c=4"])
  }

  @Test func `a client that allows it is sent numbers for topics`() throws {
    let peer = try connected([34, 0, 1])
    #expect(peer.deliver("a", "1", .atMostOnce))
    #expect(peer.deliver("a", "2", .atMostOnce))
    #expect(peer.deliver("b", "3", .atMostOnce))
    #expect(
      peer.takeReplies()
        == MQTTBytes.publish5("a", "1", properties: [35, 0, 1]) + MQTTBytes.publish5("", "2", properties: [35, 0, 1])
        + MQTTBytes.publish5("b", "3"))
  }

  @Test func `what a client does not take is not sent`() throws {
    let peer = try connected([0x27, 0, 0, 0, 20])
    #expect(peer.deliver("a", "0123456789", .atLeastOnce))
    #expect(!peer.deliver("a", "0123456789abcdef", .atLeastOnce))
    #expect(peer.takeReplies() == MQTTBytes.publish5("a", "0123456789", qos: 1, id: 1))
  }

  @Test func `subscription ids go out with what they match`() throws {
    let peer = try connected()
    #expect(peer.deliver("a", "x", .atLeastOnce, isRetained: true, subscriptionIDs: [7, 300]))
    #expect(
      peer.takeReplies()
        == MQTTBytes.publish5("a", "x", qos: 1, id: 1, retain: true, properties: [11, 7, 11, 0xAC, 2]))
  }

  @Test func `options and reasons of subscriptions`() throws {
    var limits = MQTTLimits()
    limits.maxSubscriptions = 2
    let peer = try connected([], limits)
    let deep = [String](repeating: "+", count: 200).joined(separator: "/")
    try peer.feed(
      MQTTBytes.subscribe5(1, [11, 9], ("a", 0b01_1110), ("$share/g/b/#", 1), (deep, 0), ("more", 0)))
    #expect(peer.takeReplies() == MQTTBytes.suback5(1, 2, 1, 0x8F, 0x97))
    let first = try #require(peer.subscribed.first?.subscription)
    #expect(first.noLocal && first.retainAsPublished && first.retainHandling == .ifNew && first.identifier == 9)
    let second = try #require(peer.subscribed.last?.subscription)
    #expect(second.group == Array("g".utf8) && "\(second.filter)" == "b/#")
    try peer.feed(MQTTBytes.unsubscribe5(2, "a", "b/#", "$share/g/b/#"))
    #expect(peer.takeReplies() == MQTTBytes.unsuback5(2, 0, 0x11, 0))
  }

  @Test func `more messages than allowed without an answer end the connection`() throws {
    var limits = MQTTLimits()
    limits.receiveMaximum = 2
    let peer = try connected([], limits)
    try peer.feed(MQTTBytes.publish5("a", "", qos: 1, id: 1) + MQTTBytes.publish5("a", "", qos: 2, id: 2))
    #expect(throws: MQTTViolation.receiveMaximumExceeded) {
      try peer.feed(MQTTBytes.publish5("a", "", qos: 1, id: 3))
    }
    let other = try connected([], limits)
    for id in 1...9 {
      try other.feed(MQTTBytes.publish5("a", "", qos: 2, id: id))
      other.commit()
      try other.feed(MQTTBytes.pubrel(id))
    }
    #expect(other.stored.count == 9)
  }

  @Test func `QoS 2 to a client takes four packets`() throws {
    let peer = try connected()
    #expect(peer.deliver("a", "x", .exactlyOnce))
    #expect(peer.takeReplies() == MQTTBytes.publish5("a", "x", qos: 2, id: 1))
    try peer.feed(MQTTBytes.pubrec(1))
    #expect(peer.takeReplies() == MQTTBytes.pubrel(1))
    try peer.feed(MQTTBytes.pubcomp(1))
    #expect(peer.windowOpenings == 1)
    #expect(peer.deliver("a", "y", .exactlyOnce))
    _ = peer.takeReplies()
    try peer.feed(MQTTBytes.packet(0x50, [0, 2, 0x87]))
    #expect(peer.takeReplies() == [])
    #expect(peer.windowOpenings == 2)
    try peer.feed(MQTTBytes.pubrec(9) + MQTTBytes.pubrel(9))
    #expect(peer.takeReplies() == [0x62, 3, 0, 9, 0x92] + [0x70, 3, 0, 9, 0x92])
  }

  @Test func `DISCONNECT may ask for the will, and change how long the session is kept`() throws {
    func end(_ disconnect: [UInt8]) throws -> (hasWill: Bool, expiry: UInt32) {
      let peer = MQTTPeer()
      try peer.feed(
        MQTTBytes.connect5(
          "c", [0x11, 0, 0, 0, 9], flags: 0x06,
          rest: [5, 0x18, 0, 0, 0, 4] + MQTTBytes.text("w") + MQTTBytes.text("gone")))
      try peer.feed(disconnect)
      let delay = peer.will?.delaySeconds
      #expect(delay == nil || delay == 4)
      return (delay != nil, peer.session.sessionExpirySeconds)
    }
    #expect(try end([0xE0, 0]) == (false, 9))
    #expect(try end([0xE0, 1, 4]) == (true, 9))
    #expect(try end([0xE0, 7, 0, 5, 0x11, 0, 0, 0, 0]) == (false, 0))
  }
}
