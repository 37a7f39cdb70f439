import Ingress
import Storage
import Support
import Testing

/// Shared subscriptions whose members belong to different ingress threads.
@Suite(.timeLimit(.minutes(1))) struct SharedThreadsTests {
  private let directory = TemporaryDirectory()

  @Test func `each record goes to one member, wherever members and publishers are`() throws {
    let threaded = try ThreadedStation(in: directory)
    let members = try (0..<6).map { try threaded.subscribed("m\($0)-", on: $0 % 3, "$share/g/a/#", qos: 0) }
    let publishers = try (0..<3).map { try threaded.connect("p", on: $0) }
    let count = 200
    for id in 1...count {
      for (number, publisher) in publishers.enumerated() {
        publisher.send(MQTTBytes.publish("a/\(number)", "\(id)", qos: 1, id: id))
      }
    }
    for publisher in publishers { for id in 1...count { try publisher.expect(MQTTBytes.puback(id)) } }
    let stored = try threaded.station.records().map(\.text)
    #expect(stored.count == 3 * count)
    var received: [Int: String] = [:]
    for (turn, member) in members.enumerated() {
      // They take turns in the order of the log.
      for index in stride(from: turn, to: stored.count, by: members.count) {
        let packet = try member.receivePacket()
        received[index] = text(packet.dropFirst(4)).replacing(at: 3)
      }
      #expect(member.hasNothing)
    }
    #expect((0..<stored.count).map { received[$0] } == stored)
  }

  @Test func `what a member has sent is acknowledged before it moves, and in order`() throws {
    let threaded = try ThreadedStation(in: directory)
    let member = try threaded.connect("m", on: 2)
    let other = try threaded.connect("o", on: 1)
    threaded.station.disk.shut()
    other.send(MQTTBytes.publish("b", "first", qos: 1, id: 1))
    threaded.station.disk.waitUntilSomebodyWaits()
    var stream = (1...50).flatMap { MQTTBytes.publish("a", "\($0)", qos: $0 % 5 == 0 ? 2 : 1, id: $0) }
    stream += MQTTBytes.subscribe(51, ("$share/g/a", 1)) + MQTTBytes.publish("b", "after", qos: 1, id: 52)
    member.send(stream)
    try threaded.station.waitForStatus { $0.mqtt.messages == 51 }
    for _ in 0..<3 {
      member.send(MQTTBytes.pingreq)
      try member.expect(MQTTBytes.pingresp)
    }
    #expect(member.hasNothing)
    threaded.station.disk.open()
    for id in 1...50 { try member.expect(id % 5 == 0 ? MQTTBytes.pubrec(id) : MQTTBytes.puback(id)) }
    try member.expect(MQTTBytes.suback(51, 1) + MQTTBytes.puback(52))
    for id in stride(from: 5, through: 50, by: 5) {
      member.send(MQTTBytes.pubrel(id))
      try member.expect(MQTTBytes.pubcomp(id))
    }
    #expect(
      try threaded.station.records().map(\.text) == ["b=first"] + (1...50).map { "a=\($0)" } + ["b=after"])
  }

  @Test func `what was on its way to a member goes on where it was`() throws {
    let threaded = try ThreadedStation(in: directory) { $0.maxInFlight = 10 }
    let member = try threaded.subscribed("m", on: 1, "a")
    let publisher = try threaded.connect("p", on: 2)
    for id in 1...30 {
      publisher.send(MQTTBytes.publish("a", "\(id)", qos: 1, id: id))
      try publisher.expect(MQTTBytes.puback(id))
    }
    for id in 1...10 { try member.expect(MQTTBytes.publish("a", "\(id)", qos: 1, id: id)) }
    // Ten are in flight, and twenty wait in the log.
    member.send(MQTTBytes.subscribe(2, ("$share/g/b", 1)))
    try member.expect(MQTTBytes.suback(2, 1))
    for id in 11...30 {
      member.send(MQTTBytes.puback(id - 10))
      try member.expect(MQTTBytes.publish("a", "\(id)", qos: 1, id: id))
    }
    for id in 21...30 { member.send(MQTTBytes.puback(id)) }
    publisher.send(MQTTBytes.publish("b", "shared", qos: 1, id: 1) + MQTTBytes.publish("a", "last", qos: 1, id: 2))
    var last = try [member.receivePacket(), member.receivePacket()]
    last.sort { $0[4] < $1[4] }
    #expect(last[0].starts(with: MQTTBytes.publish("a", "last", qos: 1, id: 0).prefix(5)))
    #expect(last[1].starts(with: MQTTBytes.publish("b", "shared", qos: 1, id: 0).prefix(5)))
    try threaded.station.waitForStatus { $0.mqtt.deliveries == 32 }
    #expect(threaded.station.ingress.clients()?.first { $0.clientID.hasPrefix("m") }?.subscriptions.count == 2)
  }

  @Test func `retained messages that a member waits for go along with it`() throws {
    let threaded = try ThreadedStation(in: directory) { $0.maxInFlight = 2 }
    let publisher = try threaded.connect("p", on: 0)
    for id in 1...5 {
      publisher.send(MQTTBytes.publish("r/\(id)", "x", qos: 1, id: id, retain: true))
      try publisher.expect(MQTTBytes.puback(id))
    }
    let member = try threaded.subscribed("m", on: 1, "r/#")
    var topics = try (0..<2).map { _ in try member.receivePacket()[6] }
    member.send(MQTTBytes.subscribe(2, ("$share/g/b", 1)))
    try member.expect(MQTTBytes.suback(2, 1))
    for id in 1...3 {
      member.send(MQTTBytes.puback(id))
      topics.append(try member.receivePacket()[6])
    }
    #expect(topics.sorted() == Array("12345".utf8))
  }

  @Test func `a member that comes back finds its group, and what none could take`() throws {
    let threaded = try ThreadedStation(in: directory)
    let publisher = try threaded.connect("p", on: 2)
    let names = (1...2).map { ThreadedStation.name("m", on: $0) }
    for name in names {
      let member = try ScriptedClient(threaded.station.address)
      member.send(MQTTBytes.connect(name, flags: 0) + MQTTBytes.subscribe(1, ("$share/g/a", 1)))
      try member.expect(MQTTBytes.accepted + MQTTBytes.suback(1, 1) + [])
      member.send(MQTTBytes.disconnect)
      try member.expectClose()
    }
    for id in 1...4 {
      publisher.send(MQTTBytes.publish("a", "\(id)", qos: 1, id: id))
      try publisher.expect(MQTTBytes.puback(id))
    }
    for (round, name) in names.enumerated() {
      let member = try ScriptedClient(threaded.station.address)
      member.send(MQTTBytes.connect(name, flags: 0))
      try member.expect([0x20, 2, 1, 0])
      guard round == 0 else { continue }
      for id in 1...4 { try member.expect(MQTTBytes.publish("a", "\(id)", qos: 1, id: id)) }
      for id in 1...4 { member.send(MQTTBytes.puback(id)) }
    }
  }

  @Test func `a member that has left for good belongs to its own thread again`() throws {
    let threaded = try ThreadedStation(in: directory)
    var member: ScriptedClient? = try threaded.subscribed("m", on: 1, "$share/g/a")
    try threaded.station.waitForStatus { $0.mqtt.connectionsHandedOver == 2 }
    // The thread that it was with has to see to it first.
    try waitUntil("it belongs there") {
      member = nil
      try threaded.station.waitForStatus { $0.mqtt.connections == 0 }
      member = try threaded.connect("m", on: 1)
      member?.send(MQTTBytes.publish("b", "x", qos: 1, id: 1))
      try member?.expect(MQTTBytes.puback(1))
      return threaded.handedOver > 2
    }
  }

  @Test func `members move while others take over their ids, and nobody is in two places`() throws {
    let threaded = try ThreadedStation(in: directory)
    var clients: [ScriptedClient] = []
    for round in 0..<60 {
      let client = try ScriptedClient(threaded.station.address)
      client.send(MQTTBytes.connect(ThreadedStation.name("m", on: 1)))
      client.send(MQTTBytes.subscribe(1, (round % 2 == 0 ? "$share/g/a" : "a", 0)))
      clients.append(client)
    }
    try threaded.station.waitForStatus {
      $0.mqtt.connections == 1 && $0.mqtt.connectionsAccepted == 60 && $0.mqtt.rejected["taken-over"] == 59
    }
    #expect(threaded.station.ingress.clients()?.count == 1)
  }
}

extension String {
  /// A topic of so many bytes with its payload behind it, as `records()` writes them.
  fileprivate func replacing(at index: Int) -> String { "\(prefix(index))=\(dropFirst(index))" }
}
