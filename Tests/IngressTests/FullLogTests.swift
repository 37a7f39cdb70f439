import Bytes
import Ingress
import Platform
import Records
import Storage
import Support
import Testing

/// What publishers, subscribers and devices that send datagrams notice of a log that takes nothing.
@Suite(.timeLimit(.minutes(1))) struct FullLogTests {
  @Test(arguments: Station.threads)
  func `a publisher of version 5 is told that there is no room, and goes on when there is`(threads: Int) throws {
    let full = try FullStation(threads: threads)
    let client = try ScriptedClient(full.station.address)
    client.send(
      MQTTBytes.connect5("five") + MQTTBytes.publish5("b", "x", qos: 1, id: 1)
        + MQTTBytes.publish5("b", "x", qos: 2, id: 2))
    _ = try client.receivePacket()
    try client.expect([0x40, 3, 0, 1, 0x97, 0x50, 3, 0, 2, 0x97])
    try full.station.waitForStatus { $0.mqtt.refusedMessages == 2 }
    try full.makeRoom()
    client.send(MQTTBytes.publish5("b", "x", qos: 2, id: 2))
    try client.expect(MQTTBytes.pubrec(2))
  }

  private static let payload = String(repeating: "x", count: 1000)

  /// A station whose log is full, and the client that has filled it.
  private final class FullStation {
    let station: Station
    let publisher: ScriptedClient
    var consumer: Cursor
    private(set) var acknowledged = 0
    private(set) var sent = 0
    private var held = 0

    init(threads: Int, time: any TimeSource = SystemTime(), udp: [UDPListenerConfiguration] = []) throws {
      station = try Station(threads: threads, time: time, udp: udp, refusesPastLogBytes: 256 << 10) {
        $0.maxPacketBytes = 200_000
      }
      consumer = try station.log.openCursor("uplink/centre")
      publisher = try station.connect("publisher")
      while !station.log.isRefusing {
        sent += 1
        publisher.send(MQTTBytes.publish("a", payload, qos: 1, id: sent))
        // One at a time, so that no more waits for room than the log can have.
        try station.waitForStatus { [station] in station.log.isRefusing || $0.mqtt.acks == sent }
      }
      // The last message is with the commit, or was held already.
      publisher.send(MQTTBytes.pingreq)
      while try publisher.receivePacket() != MQTTBytes.pingresp { acknowledged += 1 }
      try station.waitForStatus { $0.mqtt.messages + $0.mqtt.heldPublishers == sent }
      held = station.ingress.status.mqtt.heldPublishers
    }

    /// Waits until so many clients are held besides the one that has filled the log.
    func waitForHeld(_ count: Int) throws {
      try station.waitForStatus { $0.mqtt.heldPublishers == held + count }
    }

    /// The consumer takes everything, and the log goes on.
    func makeRoom() throws {
      let wakeUp = try WakeUp()
      station.log.onRefusal(wakeUp)
      while station.log.isRefusing {
        try consumer.commit(station.log.durableEnd)
        _ = wakeUp.wait(milliseconds: 100)
      }
    }

    /// The publisher gets what is due to it.
    func expectAcknowledgements() throws {
      while acknowledged < sent {
        acknowledged += 1
        try publisher.expect(MQTTBytes.puback(acknowledged))
      }
    }
  }

  @Test(arguments: Station.threads)
  func `a publisher gets no acknowledgement but answers to its pings, and everything once there is room`(threads: Int)
    throws
  {
    let full = try FullStation(threads: threads)
    let late = try full.station.connect("late")
    late.send(MQTTBytes.publish("late", "1", qos: 1, id: 1) + MQTTBytes.publish("late", "2", qos: 2, id: 2))
    for _ in 0..<3 {
      for client in [full.publisher, late] {
        client.send(MQTTBytes.pingreq)
        try client.expect(MQTTBytes.pingresp)
      }
    }
    try full.waitForHeld(1)
    #expect(late.hasNothing)
    try full.makeRoom()
    try full.expectAcknowledgements()
    try late.expect(MQTTBytes.puback(1) + MQTTBytes.pubrec(2))
    try full.station.waitForStatus { $0.mqtt.heldPublishers == 0 }
    let texts = try full.station.records().map(\.text)
    #expect(texts.suffix(2) == ["late=1", "late=2"])
  }

  @Test(arguments: Station.threads)
  func `who does not publish notices nothing`(threads: Int) throws {
    let full = try FullStation(threads: threads)
    let subscriber = try full.station.connect("subscriber")
    subscriber.send(MQTTBytes.subscribe(1, ("late", 0)))
    try subscriber.expect(MQTTBytes.suback(1, 0))
    let late = try full.station.connect("late")
    late.send(MQTTBytes.publish("late", "1", qos: 1, id: 1))
    subscriber.send(MQTTBytes.pingreq)
    try subscriber.expect(MQTTBytes.pingresp)
    try full.makeRoom()
    try subscriber.expect(MQTTBytes.publish("late", "1"))
    try late.expect(MQTTBytes.puback(1))
  }

  @Test(arguments: Station.threads)
  func `nobody is closed for being silent while held, and keep-alive counts again afterwards`(threads: Int) throws {
    let time = ManualTime()
    let full = try FullStation(threads: threads, time: time)
    let held = try ScriptedClient(full.station.address)
    held.send(MQTTBytes.connect("held", keepAlive: 10))
    try held.expect(MQTTBytes.accepted)
    held.send(MQTTBytes.publish("late", "1", qos: 1, id: 1))
    try full.waitForHeld(1)
    let turns = full.station.ingress.status.turns
    time.advance(milliseconds: 3_600_000)
    try full.station.waitForStatus { $0.turns[0] > turns[0] + 2 }
    held.send(MQTTBytes.pingreq)
    try held.expect(MQTTBytes.pingresp)
    try full.makeRoom()
    try held.expect(MQTTBytes.puback(1))
    time.advance(milliseconds: 16_000)
    try held.expectClose()
  }

  @Test(arguments: Station.threads)
  func `a long packet and a flood wait in the kernel, and come whole`(threads: Int) throws {
    let full = try FullStation(threads: threads)
    let late = try full.station.connect("late")
    let long = String(repeating: "y", count: 30_000)
    late.send(MQTTBytes.publish("late", long, qos: 1, id: 1))
    for id in 2...20 { late.send(MQTTBytes.publish("late", Self.payload, qos: 1, id: id)) }
    try full.waitForHeld(1)
    // More than is read ahead lies before it.
    late.send(MQTTBytes.pingreq)
    let probe = try full.station.connect("probe")
    probe.send(MQTTBytes.pingreq)
    try probe.expect(MQTTBytes.pingresp)
    #expect(late.hasNothing)
    try full.makeRoom()
    let packets = try (0..<21).map { _ in try late.receivePacket() }
    #expect(packets.filter { $0 != MQTTBytes.pingresp } == (1...20).map { MQTTBytes.puback($0) })
  }

  @Test(arguments: Station.threads)
  func `a held client that goes is gone, and what it had sent with it`(threads: Int) throws {
    let full = try FullStation(threads: threads)
    try full.station.waitForStatus { $0.mqtt.connections == 1 }
    for (bytes, isReset) in [(1, false), (1, true), (100_000, true)] {
      var client: ScriptedClient? = try full.station.connect("late")
      client?.send(MQTTBytes.publish("late", String(repeating: "z", count: bytes), qos: 1, id: 1))
      try full.waitForHeld(1)
      if isReset { client?.resetAtEnd() }
      client = nil
      try full.waitForHeld(0)
      try full.station.waitForStatus { $0.mqtt.connections == 1 }
    }
    try full.makeRoom()
    try full.expectAcknowledgements()
    #expect(try full.station.records().allSatisfy { !$0.text.hasPrefix("late=") })
  }

  @Test(arguments: Station.threads)
  func `datagrams are dropped, counted, and said to be missing once there is room`(threads: Int) throws {
    let full = try FullStation(threads: threads, udp: [UDPListenerConfiguration(listen: "127.0.0.1:0")])
    let address = full.station.ingress.udpAddresses[0]
    let sender = DatagramSender(address)
    for _ in 0..<50 { sender.send([0x78]) }
    try full.station.waitForStatus { $0.udp[0].logFull == 50 }
    #expect(full.station.ingress.status.udp[0].messages == 0)
    try full.makeRoom()
    try full.expectAcknowledgements()
    sender.send([0x79])
    let expected = "$forebay/gap={\"reason\":\"log-full\",\"count\":50,\"where\":\"\(address)\"}"
    var texts: [String] = []
    try full.station.waitForStatus { _ in
      texts = ((try? full.station.records()) ?? []).map(\.text)
      return texts.contains(expected) && texts.contains("udp/127.0.0.1=y")
    }
    #expect(texts.filter { $0.hasPrefix("$forebay/gap") } == [expected])
  }

  @Test(arguments: Station.threads)
  func `what was dropped is said at a stop, too, if there is room for as much`(threads: Int) throws {
    let full = try FullStation(threads: threads, udp: [UDPListenerConfiguration(listen: "127.0.0.1:0")])
    DatagramSender(full.station.ingress.udpAddresses[0]).send([0x78])
    try full.station.waitForStatus { $0.udp[0].logFull == 1 }
    full.station.log.endWaiting()
    full.station.ingress.stop()
    full.station.log.close()
    #expect(full.station.log.isRefusing)
    #expect(try full.station.records().last?.text.contains("log-full") == true)
  }

  @Test(arguments: Station.threads)
  func `a will is kept for when there is room`(threads: Int) throws {
    let full = try FullStation(threads: threads)
    var client: ScriptedClient? = try ScriptedClient(full.station.address)
    client?.send(MQTTBytes.connect("mortal", flags: 0x06, rest: MQTTBytes.text("gone") + MQTTBytes.text("mortal")))
    try client?.expect(MQTTBytes.accepted)
    client = nil
    try full.station.waitForStatus { $0.mqtt.connections == 1 }
    try full.makeRoom()
    try full.expectAcknowledgements()
    try full.station.waitForStatus { _ in
      ((try? full.station.records()) ?? []).contains { $0.text == "gone=mortal" }
    }
  }
}
