import Bytes
import Ingress
import Storage
import Support
import Testing

/// Sessions that outlive their connections, and the server.
@Suite(.timeLimit(.minutes(1))) struct SessionTests {
  /// What is there when a server ends in order, and begins again on the same directory.
  private let directory = TemporaryDirectory()

  private func station(
    _ threads: Int, _ change: (inout MQTTListenerConfiguration) -> Void = { _ in }
  ) throws -> Station {
    try Station(threads: threads, in: directory, change)
  }

  private static let isPresent: [UInt8] = [0x20, 2, 1, 0]

  private func subscribed(_ station: Station, _ filter: String, _ qos: UInt8) throws {
    let client = try ScriptedClient(station.address)
    client.send(MQTTBytes.connect("s", flags: 0))
    try client.expect(MQTTBytes.accepted)
    client.send(MQTTBytes.subscribe(1, (filter, qos)))
    try client.expect(MQTTBytes.suback(1, qos))
    client.send(MQTTBytes.disconnect)
    try client.expectClose()
  }

  private func publish(_ station: Station, _ packets: [UInt8]..., acknowledged: Int) throws {
    let publisher = try station.connect("p")
    publisher.send(packets.flatMap { $0 })
    for _ in 0..<acknowledged { _ = try publisher.receivePacket() }
  }

  private func resumed(_ station: Station) throws -> ScriptedClient {
    let client = try ScriptedClient(station.address)
    client.send(MQTTBytes.connect("s", flags: 0))
    try client.expect(Self.isPresent)
    return client
  }

  @Test(arguments: [false, true], Station.threads)
  func `a subscriber that was away gets what came meanwhile`(
    isRestarted: Bool, threads: Int
  ) throws {
    var station = try station(threads)
    try subscribed(station, "a/#", 1)
    try publish(
      station, MQTTBytes.publish("a/1", "x", qos: 1, id: 1), MQTTBytes.publish("b", "y", qos: 1, id: 2),
      MQTTBytes.publish("a/2", "z", qos: 2, id: 3), acknowledged: 3)
    if isRestarted {
      station.ingress.stop()
      station.log.close()
      station = try self.station(threads)
      #expect(station.ingress.status.mqtt.sessions == 1)
    }
    let client = try resumed(station)
    try client.expect(MQTTBytes.publish("a/1", "x", qos: 1, id: 1) + MQTTBytes.publish("a/2", "z", qos: 1, id: 2))
    // Not acknowledged: it comes again, marked as such.
    client.send(MQTTBytes.puback(1) + MQTTBytes.disconnect)
    try client.expectClose()
    let again = try resumed(station)
    try again.expect(MQTTBytes.publish("a/2", "z", qos: 1, id: 2, duplicate: true))
    again.send(MQTTBytes.puback(2))
    try publish(station, MQTTBytes.publish("a/3", "!", qos: 1, id: 1), acknowledged: 1)
    try again.expect(MQTTBytes.publish("a/3", "!", qos: 1, id: 3))
  }

  @Test(arguments: Station.threads)
  func `a subscriber that comes back with as much unacknowledged as may be gets the rest as it acknowledges`(
    threads: Int
  ) throws {
    let station = try station(threads) { $0.maxInFlight = 2 }
    try subscribed(station, "a", 1)
    for id in 1...4 { try publish(station, MQTTBytes.publish("a", "\(id)", qos: 1, id: id), acknowledged: 1) }
    for isDuplicate in [false, true] {
      let client = try resumed(station)
      for id in 1...2 {
        try client.expect(MQTTBytes.publish("a", "\(id)", qos: 1, id: id, duplicate: isDuplicate))
      }
      client.send(MQTTBytes.pingreq)
      try client.expect(MQTTBytes.pingresp)
      if isDuplicate {
        for id in 3...4 {
          client.send(MQTTBytes.puback(id - 2))
          try client.expect(MQTTBytes.publish("a", "\(id)", qos: 1, id: id))
        }
      }
    }
  }

  @Test(arguments: [false, true], Station.threads)
  func `a QoS 2 message that comes again after a reconnect is stored once`(isRestarted: Bool, threads: Int) throws {
    var station = try station(threads)
    do {
      let client = try ScriptedClient(station.address)
      client.send(MQTTBytes.connect("s", flags: 0) + MQTTBytes.publish("a", "x", qos: 2, id: 5))
      try client.expect(MQTTBytes.accepted + MQTTBytes.pubrec(5))
    }
    try station.waitForStatus { $0.mqtt.connections == 0 }
    if isRestarted {
      station.ingress.stop()
      station.log.close()
      station = try self.station(threads)
    }
    let client = try resumed(station)
    client.send(MQTTBytes.publish("a", "x", qos: 2, id: 5, duplicate: true))
    try client.expect(MQTTBytes.pubrec(5))
    client.send(MQTTBytes.pubrel(5))
    try client.expect(MQTTBytes.pubcomp(5))
    client.send(MQTTBytes.publish("a", "y", qos: 2, id: 5))
    try client.expect(MQTTBytes.pubrec(5))
    #expect(try station.records().map(\.text) == ["a=x", "a=y"])
  }

  @Test(arguments: Station.threads)
  func `a QoS 2 message that comes right behind its CONNECT is known again after a power cut`(threads: Int) throws {
    let station = try station(threads)
    let client = try ScriptedClient(station.address)
    client.send(MQTTBytes.connect("s", flags: 0) + MQTTBytes.publish("a", "x", qos: 2, id: 5))
    try client.expect(MQTTBytes.accepted + MQTTBytes.pubrec(5))
    let later = try Station(threads: threads, in: try station.imageOfNow())
    let again = try resumed(later)
    again.send(MQTTBytes.publish("a", "x", qos: 2, id: 5, duplicate: true))
    try again.expect(MQTTBytes.pubrec(5))
    #expect(try later.records().map(\.text) == ["a=x"])
  }

  @Test(arguments: Station.threads)
  func `what was in flight in a session is not taken for a new one's after a power cut`(threads: Int) throws {
    let station = try station(threads)
    let old = try ScriptedClient(station.address)
    old.send(MQTTBytes.connect5("s", [0x11, 0, 0, 0, 60]))
    _ = try old.receivePacket()
    let other = try station.connect("other")
    station.disk.shut()
    other.send(MQTTBytes.publish("a", "first"))
    station.disk.waitUntilSomebodyWaits()
    old.send(MQTTBytes.publish5("a", "old", qos: 2, id: 5))
    try station.waitForStatus { $0.mqtt.messages == 2 }
    let new = try ScriptedClient(station.address)
    new.send(MQTTBytes.connect5("s", [0x11, 0, 0, 0, 60]))
    _ = try new.receivePacket()
    other.send(MQTTBytes.publish("a", "last", qos: 1, id: 1))
    try station.waitForStatus { $0.mqtt.messages == 3 }
    station.disk.open()
    try other.expect(MQTTBytes.puback(1))
    let later = try Station(threads: threads, in: try station.imageOfNow())
    let again = try ScriptedClient(later.address)
    again.send(MQTTBytes.connect5("s", [0x11, 0, 0, 0, 60], flags: 0))
    #expect(try again.receivePacket()[2] == 1)
    again.send(MQTTBytes.publish5("a", "new", qos: 2, id: 5))
    try again.expect(MQTTBytes.pubrec(5))
    #expect(try later.records().map(\.text).sorted() == ["a=first", "a=last", "a=new", "a=old"])
  }

  @Test(arguments: Station.threads)
  func `who asks is told who the clients are`(threads: Int) throws {
    let station = try station(threads)
    try subscribed(station, "away/#", 1)
    let client = try ScriptedClient(station.address)
    client.send(MQTTBytes.connect5("here", [0x11, 0, 0, 0, 60]) + MQTTBytes.subscribe5(1, [], ("$share/g/a/+", 2)))
    _ = try client.receivePacket()
    try client.expect(MQTTBytes.suback5(1, 2))
    client.send(MQTTBytes.publish5("a/b", "x", qos: 1, id: 1) + MQTTBytes.publish5("b", "y", qos: 2, id: 2))
    _ = try client.receive(4 + 4 + MQTTBytes.publish5("a/b", "x", qos: 1, id: 1).count)
    let clients = try #require(station.ingress.clients())
    #expect(clients.map(\.clientID) == ["here", "s"])
    let here = try #require(clients.first)
    #expect(here.version == "5.0" && here.address != nil && here.sessionExpirySeconds == 60)
    #expect(here.messages == 2 && here.deliveries == 1)
    #expect(here.inFlightFromClient == 1 && here.inFlightToClient == 1)
    #expect(here.subscriptions.map { "\($0.filter) \($0.qos)" } == ["$share/g/a/+ 2"])
    let away = try #require(clients.last)
    #expect(away.address == nil && away.lag > 0)
  }

  @Test(arguments: Station.threads)
  func `clients come over a Unix socket, too`(threads: Int) throws {
    let path = directory.path + "/mqtt.sock"
    let station = try station(threads) { $0.listen = ["unix:" + path] }
    #expect(station.address == "unix:" + path)
    let client = try station.connect("c")
    client.send(MQTTBytes.publish("a", "x", qos: 1, id: 1))
    try client.expect(MQTTBytes.puback(1))
    try station.waitForStatus { $0.mqtt.acknowledgement.count == 1 }
  }

  @Test(arguments: Station.threads)
  func `what the log has dropped meanwhile is counted for the subscriber that was away`(threads: Int) throws {
    let station = try Station(threads: threads, maxLogBytes: 4 << 20, in: directory) { $0.maxPacketBytes = 1 << 20 }
    try subscribed(station, "a/#", 1)
    let payload = String(repeating: "x", count: 64 << 10)
    let publisher = try station.connect("p")
    for number in 1...200 {
      publisher.send(MQTTBytes.publish("a/\(number)", payload, qos: 1, id: number))
      try publisher.expect(MQTTBytes.puback(number))
    }
    try station.waitForStatus { _ in station.log.startOffset > 0 }
    let client = try resumed(station)
    _ = try client.receivePacket()
    try station.waitForStatus { $0.mqtt.skippedRecords > 0 }
    #expect(station.ingress.status.mqtt.skippedRecords < 200)
  }

  @Test(arguments: Station.threads)
  func `a clean start forgets the session`(threads: Int) throws {
    let station = try station(threads)
    try subscribed(station, "a", 1)
    let clean = try station.connect("s")
    clean.send(MQTTBytes.disconnect)
    try clean.expectClose()
    try publish(station, MQTTBytes.publish("a", "x", qos: 1, id: 1), acknowledged: 1)
    let client = try ScriptedClient(station.address)
    client.send(MQTTBytes.connect("s", flags: 0))
    try client.expect(MQTTBytes.accepted)
    try client.expectNothing(milliseconds: 100)
  }

  @Test(arguments: [false, true], Station.threads)
  func `retained messages reach those who subscribe later`(
    isRestarted: Bool, threads: Int
  ) throws {
    var station = try station(threads)
    try publish(
      station, MQTTBytes.publish("a/1", "old", qos: 1, id: 1, retain: true),
      MQTTBytes.publish("a/1", "new", qos: 1, id: 2, retain: true),
      MQTTBytes.publish("a/2", "gone", qos: 1, id: 3, retain: true),
      MQTTBytes.publish("a/2", "", qos: 1, id: 4, retain: true), MQTTBytes.publish("a/3", "live", qos: 1, id: 5),
      acknowledged: 5)
    if isRestarted {
      station.ingress.stop()
      station.log.close()
      station = try self.station(threads)
    }
    let client = try station.connect("c")
    client.send(MQTTBytes.subscribe(1, ("a/+", 1)))
    try client.expect(MQTTBytes.suback(1, 1) + MQTTBytes.publish("a/1", "new", qos: 1, id: 1, retain: true))
    client.send(MQTTBytes.puback(1) + MQTTBytes.publish("a/1", "live", qos: 0, retain: true))
    try client.expect(MQTTBytes.publish("a/1", "live"))
    #expect(station.ingress.status.mqtt.retained == 1)
  }

  @Test(arguments: Station.threads)
  func `a retained message that was not acknowledged comes again`(threads: Int) throws {
    let station = try station(threads)
    try publish(station, MQTTBytes.publish("a/1", "kept", qos: 1, id: 1, retain: true), acknowledged: 1)
    do {
      let client = try ScriptedClient(station.address)
      client.send(MQTTBytes.connect("s", flags: 0) + MQTTBytes.subscribe(1, ("a/#", 1)))
      try client.expect(MQTTBytes.accepted + MQTTBytes.suback(1, 1))
      try client.expect(MQTTBytes.publish("a/1", "kept", qos: 1, id: 1, retain: true))
    }
    try station.waitForStatus { $0.mqtt.sessions == 1 }
    let client = try resumed(station)
    try client.expect(MQTTBytes.publish("a/1", "kept", qos: 1, id: 1, retain: true, duplicate: true))
  }

  @Test(arguments: Station.threads)
  func `members of a group take turns, and what none could take waits for them`(
    threads: Int
  ) throws {
    let station = try station(threads)
    let members = try ["m1", "m2"].map { name in
      let member = try ScriptedClient(station.address)
      member.send(MQTTBytes.connect5(name) + MQTTBytes.subscribe5(1, [], ("$share/g/a/#", 1)))
      _ = try member.receivePacket()
      try member.expect(MQTTBytes.suback5(1, 1))
      return member
    }
    for id in 1...4 { try publish(station, MQTTBytes.publish("a/\(id)", "x", qos: 1, id: id), acknowledged: 1) }
    try members[0].expect(MQTTBytes.publish5("a/1", "x", qos: 1, id: 1) + MQTTBytes.publish5("a/3", "x", qos: 1, id: 2))
    try members[1].expect(MQTTBytes.publish5("a/2", "x", qos: 1, id: 1) + MQTTBytes.publish5("a/4", "x", qos: 1, id: 2))
  }

  @Test(arguments: Station.threads)
  func `a will waits for its delay, and a client that comes back takes it away`(
    threads: Int
  ) throws {
    let time = ManualTime()
    let station = try Station(threads: threads, time: time, in: directory)
    func connect(_ id: String) throws {
      let client = try ScriptedClient(station.address)
      client.send(
        MQTTBytes.connect5(
          id, [0x11, 0, 0, 0, 60], flags: 0x04,
          rest: [5, 0x18, 0, 0, 0, 10] + MQTTBytes.text("will/" + id) + MQTTBytes.text("gone")))
      _ = try client.receivePacket()
    }
    try connect("one")
    try connect("two")
    try station.waitForStatus { $0.mqtt.connections == 0 }
    let back = try ScriptedClient(station.address)
    back.send(MQTTBytes.connect5("two", [0x11, 0, 0, 0, 60], flags: 0))
    #expect(try back.receivePacket()[2] == 1)
    time.advance(milliseconds: 11_000)
    try publish(station, MQTTBytes.publish("z", "", qos: 1, id: 1), acknowledged: 1)
    try publish(station, MQTTBytes.publish("z", "", qos: 1, id: 1), acknowledged: 1)
    #expect(try station.records().map(\.text).filter { $0 != "z=" } == ["will/one=gone"])
  }

  @Test(arguments: Station.threads)
  func `a stop keeps the session of a client that is connected, and publishes no will`(threads: Int) throws {
    var station = try station(threads)
    let client = try ScriptedClient(station.address)
    client.send(
      MQTTBytes.connect5(
        "s", [0x11, 0, 0, 0, 60], flags: 0x04, rest: [0] + MQTTBytes.text("will") + MQTTBytes.text("gone"))
        + MQTTBytes.subscribe5(1, [], ("a", 1)))
    _ = try client.receivePacket()
    try client.expect(MQTTBytes.suback5(1, 1))
    station.ingress.stop()
    try client.expectClose(after: MQTTBytes.disconnect5(0x8B))
    station.log.close()
    station = try self.station(threads)
    #expect(station.ingress.status.mqtt.sessions == 1)
    try publish(station, MQTTBytes.publish("a", "x", qos: 1, id: 1), acknowledged: 1)
    let back = try resumed(station)
    try back.expect(MQTTBytes.publish("a", "x", qos: 1, id: 1))
    #expect(try station.records().map(\.text) == ["a=x"])
  }

  @Test(arguments: Station.threads)
  func `a session ends when its time is over`(threads: Int) throws {
    let time = ManualTime()
    let station = try Station(threads: threads, time: time, in: directory)
    do {
      let client = try ScriptedClient(station.address)
      client.send(MQTTBytes.connect5("s", [0x11, 0, 0, 0, 60], flags: 0))
      _ = try client.receivePacket()
    }
    try station.waitForStatus { $0.mqtt.sessions == 1 }
    time.advance(milliseconds: 61_000)
    try station.waitForStatus { $0.mqtt.sessions == 0 && $0.mqtt.sessionsExpired == 1 }
  }

  @Test(arguments: Station.threads)
  func `a client does not get what it published itself, where it says so`(
    threads: Int
  ) throws {
    let station = try station(threads)
    let client = try ScriptedClient(station.address)
    client.send(MQTTBytes.connect5("c") + MQTTBytes.subscribe5(1, [], ("a", 4)))
    _ = try client.receivePacket()
    try client.expect(MQTTBytes.suback5(1, 0))
    client.send(MQTTBytes.publish5("a", "mine"))
    try publish(station, MQTTBytes.publish("a", "theirs", qos: 1, id: 1), acknowledged: 1)
    try client.expect(MQTTBytes.publish5("a", "theirs"))
  }

  @Test(arguments: Station.threads)
  func `properties go from publisher to subscriber, and a message whose time is over to nobody`(threads: Int) throws {
    let time = ManualTime()
    let station = try Station(threads: threads, time: time, in: directory)
    try subscribed(station, "a", 0)
    let publisher = try ScriptedClient(station.address)
    publisher.send(
      MQTTBytes.connect5("p") + MQTTBytes.publish5("a", "x", qos: 1, id: 1, properties: MQTTBytes.everyPublishProperty)
        + MQTTBytes.publish5("a", "short", qos: 1, id: 2, properties: [2, 0, 0, 0, 5]))
    _ = try publisher.receivePacket()
    try publisher.expect(MQTTBytes.puback(1) + MQTTBytes.puback(2))
    time.advance(milliseconds: 8000)
    let client = try ScriptedClient(station.address)
    client.send(MQTTBytes.connect5("s", flags: 0))
    _ = try client.receivePacket()
    let rest = MQTTBytes.everyPublishProperty
    try client.expect(MQTTBytes.publish5("a", "x", properties: [2, 0, 0, 0, 250] + rest[..<2] + rest[7...]))
    try station.waitForStatus { $0.mqtt.expiredDeliveries == 1 }
  }
}
