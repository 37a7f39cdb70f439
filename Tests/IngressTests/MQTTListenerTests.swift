import Bytes
import Ingress
import Platform
import Records
import Storage
import Support
import Testing

@Suite(.timeLimit(.minutes(1))) struct MQTTListenerTests {
  @Test(arguments: [0, 1], Station.threads)
  func `a message is in the log with topic, payload, source and retain`(
    listener: Int, threads: Int
  ) throws {
    let station = try Station(threads: threads)
    let client = try ScriptedClient.connected(station.ingress.mqttAddresses[listener], "Pumpe 7")
    client.send(MQTTBytes.publish("plant/7", "21.5", qos: 1, id: 1))
    client.send(MQTTBytes.publish("plant/8", "", qos: 1, id: 2, retain: true))
    try client.expect(MQTTBytes.puback(1) + MQTTBytes.puback(2))
    #expect(
      try station.records() == [
        .init(text: "plant/7=21.5", source: "mqtt:Pumpe 7", isRetained: false),
        .init(text: "plant/8=", source: "mqtt:Pumpe 7", isRetained: true),
      ])
  }

  @Test(arguments: [(UInt8(1), MQTTBytes.puback(9)), (UInt8(2), MQTTBytes.pubrec(9))], Station.threads)
  func `no acknowledgement before the commit`(answer: (qos: UInt8, acknowledgement: [UInt8]), threads: Int) throws {
    let (qos, acknowledgement) = answer
    let station = try Station(threads: threads)
    let client = try station.connect("c")
    station.disk.shut()
    client.send(MQTTBytes.publish("a", "x", qos: qos, id: 9) + MQTTBytes.pingreq)
    try client.expect(MQTTBytes.pingresp)
    station.disk.waitUntilSomebodyWaits()
    // The server is alive and answers, but does not acknowledge.
    for _ in 0..<3 {
      client.send(MQTTBytes.pingreq)
      try client.expect(MQTTBytes.pingresp)
    }
    #expect(client.hasNothing)
    #expect(station.log.durableEnd == 0)
    station.disk.open()
    try client.expect(acknowledgement)
    #expect(station.log.durableEnd == 1)
  }

  @Test(arguments: Station.threads)
  func `a second message in a commit that waits is acknowledged with it, in order`(
    threads: Int
  ) throws {
    let station = try Station(threads: threads)
    let one = try station.connect("one")
    let two = try station.connect("two")
    station.disk.shut()
    one.send(MQTTBytes.publish("a", "1", qos: 1, id: 1))
    station.disk.waitUntilSomebodyWaits()
    for id in 2...500 { one.send(MQTTBytes.publish("a", "\(id)", qos: 1, id: id)) }
    two.send(MQTTBytes.publish("b", "x", qos: 1, id: 1) + MQTTBytes.pingreq)
    try two.expect(MQTTBytes.pingresp)
    station.disk.open()
    for id in 1...500 { try one.expect(MQTTBytes.puback(id)) }
    try two.expect(MQTTBytes.puback(1))
    try station.waitForStatus { $0.mqtt.acks == 501 }
  }

  @Test(arguments: MQTTCase.all, Station.threads)
  func `a bad packet closes its connection and no other`(
    bad: MQTTCase, threads: Int
  ) throws {
    let station = try Station(threads: threads)
    let bystander = try station.connect("bystander")
    let client = try ScriptedClient(station.address)
    if bad.isConnected {
      client.send(bad.level == 5 ? MQTTBytes.connect5("bad") : MQTTBytes.connect("bad"))
      _ = try client.receivePacket()
    }
    client.send(bad.bytes)
    try client.expectClose(after: bad.reply)
    bystander.send(MQTTBytes.publish("a", "still here", qos: 1, id: 1))
    try bystander.expect(MQTTBytes.puback(1))
    try station.waitForStatus { $0.mqtt.rejected == [bad.reason: 1] }
    #expect(try station.records().map(\.text) == ["a=still here"])
  }

  @Test(arguments: Station.threads)
  func `packets may be cut anywhere`(threads: Int) throws {
    let station = try Station(threads: threads)
    let stream =
      MQTTBytes.connect("c") + MQTTBytes.publish("a/b", "x", qos: 1, id: 1) + MQTTBytes.pingreq
      + MQTTBytes.publish("a", String(repeating: "y", count: 200), qos: 1, id: 2)
    let expected = MQTTBytes.accepted + MQTTBytes.puback(1) + MQTTBytes.puback(2)
    for cut in 1..<stream.count {
      let client = try ScriptedClient(station.address)
      let probe = try station.connect("probe")
      client.send(Array(stream[..<cut]))
      // An answer to somebody who asked later tells that the first part has been read.
      probe.send(MQTTBytes.pingreq)
      try probe.expect(MQTTBytes.pingresp)
      client.send(Array(stream[cut...]))
      let received = try client.receive(expected.count + 2)
      #expect(received.filter { $0 != 0xD0 }.count == received.count - 1)
      #expect(received.count == expected.count + 2)
    }
    #expect(station.log.durableEnd == Offset(2 * (stream.count - 1)))
  }

  @Test(arguments: Station.threads)
  func `a long packet comes through the small buffer`(threads: Int) throws {
    let station = try Station(threads: threads) { $0.maxPacketBytes = 1 << 20 }
    let client = try station.connect("c")
    let payload = String(repeating: "0123456789abcdef", count: 60_000)
    client.send(MQTTBytes.publish("a", payload, qos: 1, id: 1) + MQTTBytes.publish("b", "after", qos: 1, id: 2))
    try client.expect(MQTTBytes.puback(1) + MQTTBytes.puback(2))
    #expect(try station.records().map(\.text) == ["a=\(payload)", "b=after"])
  }

  @Test(arguments: Station.threads)
  func `many messages in one segment are all stored and acknowledged`(threads: Int)
    throws
  {
    let station = try Station(threads: threads)
    let client = try station.connect("c")
    var stream: [UInt8] = []
    for id in 1...5000 { stream += MQTTBytes.publish("a/\(id % 7)", "\(id)", qos: 1, id: id) }
    client.send(stream)
    for id in 1...5000 { try client.expect(MQTTBytes.puback(id)) }
    let expected = (1...5000).map { "a/\($0 % 7)=\($0)" }
    #expect(try station.records().map(\.text) == expected)
  }

  @Test(arguments: Station.threads)
  func `a QoS 2 message that comes again is stored once`(threads: Int) throws {
    let station = try Station(threads: threads)
    let client = try station.connect("c")
    station.disk.shut()
    client.send(MQTTBytes.publish("a", "x", qos: 2, id: 5))
    station.disk.waitUntilSomebodyWaits()
    client.send(MQTTBytes.publish("a", "x", qos: 2, id: 5, duplicate: true) + MQTTBytes.pingreq)
    try client.expect(MQTTBytes.pingresp)
    #expect(client.hasNothing)
    station.disk.open()
    try client.expect(MQTTBytes.pubrec(5) + MQTTBytes.pubrec(5))
    client.send(MQTTBytes.publish("a", "x", qos: 2, id: 5, duplicate: true))
    try client.expect(MQTTBytes.pubrec(5))
    client.send(MQTTBytes.pubrel(5))
    try client.expect(MQTTBytes.pubcomp(5))
    client.send(MQTTBytes.publish("a", "y", qos: 2, id: 5))
    try client.expect(MQTTBytes.pubrec(5))
    #expect(try station.records().map(\.text) == ["a=x", "a=y"])
    try station.waitForStatus { $0.mqtt.duplicates == 2 }
  }

  @Test(arguments: Station.threads)
  func `the same client id again closes the earlier connection`(threads: Int) throws {
    let station = try Station(threads: threads)
    let first = try station.connect("twin")
    let second = try station.connect("twin")
    try first.expectClose()
    second.send(MQTTBytes.pingreq)
    try second.expect(MQTTBytes.pingresp)
    try station.waitForStatus { $0.mqtt.rejected == ["taken-over": 1] }
    try station.waitForStatus { $0.mqtt.connections == 1 }
  }

  @Test(arguments: Station.threads)
  func `a client without an id is given one of its own`(threads: Int) throws {
    let station = try Station(threads: threads)
    let one = try station.connect("")
    let two = try station.connect("")
    for client in [one, two] {
      client.send(MQTTBytes.publish("a", "x", qos: 1, id: 1))
      try client.expect(MQTTBytes.puback(1))
    }
    let sources = Set(try station.records().map(\.source))
    #expect(sources.count == 2)
    #expect(sources.allSatisfy { $0?.hasPrefix("mqtt:auto-") == true })
  }

  @Test(
    arguments: [
      ("closes the connection", [], ["w=gone"]),
      ("breaks the rules", [0x00, 0x00], ["w=gone"]),
      ("disconnects", MQTTBytes.disconnect, []),
    ] as [(name: String, last: [UInt8], expected: [String])], Station.threads)
  func `a will is published unless the client takes leave`(
    end: (name: String, last: [UInt8], expected: [String]), threads: Int
  ) throws {
    let station = try Station(threads: threads)
    do {
      let client = try ScriptedClient(station.address)
      client.send(MQTTBytes.connect("c", flags: 0x06, rest: MQTTBytes.text("w") + MQTTBytes.text("gone")))
      try client.expect(MQTTBytes.accepted)
      client.send(end.last)
      if !end.last.isEmpty { try client.expectClose() }
    }
    try station.waitForStatus { $0.mqtt.messages == end.expected.count }
    let other = try station.connect("other")
    other.send(MQTTBytes.publish("z", "", qos: 1, id: 1))
    try other.expect(MQTTBytes.puback(1))
    #expect(try station.records().map(\.text) == end.expected + ["z="])
  }

  @Test(arguments: Station.threads)
  func `more connections than allowed are closed`(threads: Int) throws {
    let station = try Station(threads: threads) { $0.maxConnections = 2 }
    let clients = try [station.connect("1"), station.connect("2")]
    let extra = try ScriptedClient(station.address)
    try extra.expectClose()
    for client in clients {
      client.send(MQTTBytes.pingreq)
      try client.expect(MQTTBytes.pingresp)
    }
    try station.waitForStatus { $0.mqtt.rejected == ["too-many-connections": 1] }
  }

  @Test(arguments: Station.threads)
  func `silent clients are closed when their time is up, others are not`(threads: Int)
    throws
  {
    let time = ManualTime()
    let station = try Station(threads: threads, time: time)
    let silent = try ScriptedClient(station.address)
    let late = try ScriptedClient(station.address)
    late.send(MQTTBytes.connect("late", keepAlive: 20))
    try late.expect(MQTTBytes.accepted)
    let patient = try ScriptedClient(station.address)
    patient.send(MQTTBytes.connect("patient", keepAlive: 0))
    try patient.expect(MQTTBytes.accepted)

    time.advance(milliseconds: 10_001)
    patient.send(MQTTBytes.pingreq)
    try patient.expect(MQTTBytes.pingresp)
    try silent.expectClose()
    time.advance(milliseconds: 19_000)
    late.send(MQTTBytes.pingreq)
    try late.expect(MQTTBytes.pingresp)
    time.advance(milliseconds: 29_000)
    late.send(MQTTBytes.pingreq)
    try late.expect(MQTTBytes.pingresp)
    time.advance(milliseconds: 30_500)
    patient.send(MQTTBytes.pingreq)
    try patient.expect(MQTTBytes.pingresp)
    try late.expectClose()
    try station.waitForStatus { $0.mqtt.rejected == ["connect-timeout": 1, "keep-alive": 1] }
  }

  @Test func `without room for a commit nothing is read, and afterwards everything is`() throws {
    let station = try Station(commitBufferBytes: 64 << 10)
    let first = try station.connect("first")
    let clients = try (0..<10).map { try station.connect("c\($0)") }
    station.disk.shut()
    let padding = String(repeating: "x", count: 4000)
    for id in 1...17 { first.send(MQTTBytes.publish("a", padding, qos: 1, id: id)) }
    try station.waitForStatus { $0.mqtt.messages == 17 }
    for client in clients { client.send((1...15).flatMap { MQTTBytes.publish("a", padding, qos: 1, id: $0) }) }
    // Once there is no room, not even a ping is answered.
    first.send(MQTTBytes.pingreq)
    station.disk.waitUntilSomebodyWaits()
    try first.expectNothing(milliseconds: 100)
    // What was read becomes durable and makes room for some of them: the last may go past the limit, the next is not
    // begun.
    station.disk.open(forNext: 2)
    try station.waitForStatus { $0.mqtt.messages > 17 }
    for client in clients { client.send(MQTTBytes.pingreq) }
    try first.expect(MQTTBytes.puback(1))
    #expect(station.ingress.status.mqtt.messages <= 17 + 15 + 15)
    station.disk.open()
    // The answers to the pings come anywhere between the acknowledgements.
    #expect(try first.receive(16 * 4 + 2).count == 16 * 4 + 2)
    for client in clients { #expect(try client.receive(15 * 4 + 2).count == 15 * 4 + 2) }
  }

  @Test(arguments: Station.threads)
  func `stopping waits for the commit, acknowledges what has been read and closes the connections`(threads: Int) throws
  {
    let station = try Station(threads: threads)
    let client = try ScriptedClient(station.address)
    client.send(MQTTBytes.connect("c", flags: 0x06, rest: MQTTBytes.text("will") + MQTTBytes.text("")))
    try client.expect(MQTTBytes.accepted)
    station.disk.shut()
    for id in 1...100 { client.send(MQTTBytes.publish("a", "x", qos: 1, id: id)) }
    try station.waitForStatus { $0.mqtt.messages == 100 }
    let ingress = station.ingress
    let stopping = NamedThread.start("stop") { ingress.stop() }
    try client.expectNothing(milliseconds: 200)
    station.disk.open()
    try client.expectClose(after: (1...100).flatMap { MQTTBytes.puback($0) })
    stopping.join()
    #expect(station.ingress.status.mqtt.connections == 0)
    station.log.close()
    #expect(Set(try station.records().map(\.text)) == ["a=x"])
  }

  @Test(
    arguments: [
      ("1883", "`mqtt.listen`: `1883` is no address to listen on"),
      ("::1:1883", "`mqtt.listen`: `::1:1883` is no address"),
      ("203.0.113.9:0", "`mqtt.listen`: cannot listen on 203.0.113.9:0: Cannot assign requested address"),
    ], Station.threads)
  func `an address that cannot be had names the setting`(
    bad: (address: String, expected: String), threads: Int
  ) throws {
    do {
      _ = try Station(threads: threads) { $0.listen = [bad.address] }
      Issue.record("it listens")
    } catch let error as IngressError {
      #expect("\(error)".hasPrefix(bad.expected), "\(error)")
    }
  }

  @Test(arguments: Station.threads)
  func `an address that is taken names the setting`(threads: Int) throws {
    let station = try Station(threads: threads)
    do {
      _ = try Station(threads: threads) { $0.listen = [station.address] }
      Issue.record("it listens")
    } catch let error as IngressError {
      #expect("\(error)".hasPrefix("`mqtt.listen`: cannot listen on \(station.address): Address already in use"))
    }
  }
}
