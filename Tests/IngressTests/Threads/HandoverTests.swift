import Ingress
import Platform
import Storage
import Support
import Testing

/// Connections that come to one ingress thread and belong to another.
@Suite(.timeLimit(.minutes(1))) struct HandoverTests {
  private let directory = TemporaryDirectory()

  @Test func `what follows the CONNECT goes along with it, wherever it is cut`() throws {
    let threaded = try ThreadedStation(in: directory)
    let name = ThreadedStation.name("c", on: 2)
    let long = String(repeating: "y", count: 300)
    let stream =
      MQTTBytes.connect(name) + MQTTBytes.publish("a", "x", qos: 1, id: 1) + MQTTBytes.pingreq
      + MQTTBytes.publish("a", long, qos: 2, id: 2)
    var expected = 0
    for cut in stride(from: 1, through: stream.count, by: 3) {
      let client = try ScriptedClient(threaded.firstAddress)
      client.send(Array(stream[..<cut]))
      if cut % 2 == 0 {
        let probe = try threaded.connect("probe", on: 1)
        probe.send(MQTTBytes.pingreq)
        try probe.expect(MQTTBytes.pingresp)
      }
      client.send(Array(stream[cut...]))
      let received = try client.receive(4 + 4 + 2 + 4)
      #expect(received.starts(with: MQTTBytes.accepted) && received.count == 14, "cut at \(cut): \(received)")
      client.send(MQTTBytes.disconnect)
      try client.expectClose()
      expected += 1
    }
    #expect(threaded.handedOver >= expected)
    let texts = try threaded.station.records().map(\.text)
    #expect(texts == (0..<expected).flatMap { _ in ["a=x", "a=\(long)"] })
    try threaded.station.waitForStatus { $0.mqtt.connections == 0 }
  }

  @Test func `a client stays where it is when it has come to its own thread`() throws {
    let threaded = try ThreadedStation(in: directory)
    let own = try threaded.connect("own", on: 0)
    own.send(MQTTBytes.publish("a", "x", qos: 1, id: 1))
    try own.expect(MQTTBytes.puback(1))
    // Who leaves its id to the server gets one for the thread it has come to.
    for _ in 0..<20 { _ = try ScriptedClient.connected(threaded.firstAddress, "") }
    #expect(threaded.handedOver == 0)
  }

  @Test func `a client id is taken over whichever thread the next connection comes to`() throws {
    let threaded = try ThreadedStation(in: directory)
    var clients: [ScriptedClient] = []
    for round in 0..<40 {
      let address = round % 4 == 0 ? threaded.firstAddress : threaded.station.address
      let next = try ScriptedClient.connected(address, "twin")
      try clients.last?.expectClose()
      clients.append(next)
    }
    clients.last?.send(MQTTBytes.pingreq)
    try clients.last?.expect(MQTTBytes.pingresp)
    try threaded.station.waitForStatus { $0.mqtt.connections == 1 && $0.mqtt.rejected == ["taken-over": 39] }
  }

  @Test func `a session is found from every thread`() throws {
    let threaded = try ThreadedStation(in: directory)
    let publisher = try threaded.connect("p", on: 2)
    for thread in 0..<ThreadedStation.threads {
      let name = ThreadedStation.name("s", on: thread)
      var isPresent: UInt8 = 0
      for round in 1...8 {
        let client = try ScriptedClient(round % 3 == 0 ? threaded.firstAddress : threaded.station.address)
        client.send(MQTTBytes.connect(name, flags: 0))
        try client.expect([0x20, 2, isPresent, 0])
        if isPresent == 0 {
          client.send(MQTTBytes.subscribe(1, ("a", 1)))
          try client.expect(MQTTBytes.suback(1, 1))
        } else {
          try client.expect(MQTTBytes.publish("a", "\(round)", qos: 1, id: 1))
          client.send(MQTTBytes.puback(1))
        }
        isPresent = 1
        client.send(MQTTBytes.disconnect)
        try client.expectClose()
        publisher.send(MQTTBytes.publish("a", "\(round + 1)", qos: 1, id: round))
        try publisher.expect(MQTTBytes.puback(round))
      }
    }
  }

  @Test func `subscribers on every thread get what comes to any of them`() throws {
    let threaded = try ThreadedStation(in: directory)
    let subscribers = try (0..<6).map { try threaded.subscribed("s\($0)-", on: $0 % 3, "a/#") }
    let publishers = try (0..<3).map { try threaded.connect("p", on: $0) }
    for id in 1...50 {
      for (number, publisher) in publishers.enumerated() {
        publisher.send(MQTTBytes.publish("a/\(number)", "\(id)", qos: 1, id: id))
      }
    }
    for publisher in publishers { for id in 1...50 { try publisher.expect(MQTTBytes.puback(id)) } }
    let stored = try threaded.station.records().map(\.text)
    for subscriber in subscribers {
      for (index, text) in stored.enumerated() {
        let parts = text.split(separator: "=")
        try subscriber.expect(MQTTBytes.publish(String(parts[0]), String(parts[1]), qos: 1, id: index + 1))
        subscriber.send(MQTTBytes.puback(index + 1))
      }
    }
  }

  @Test func `the kernel spreads connections over all threads`() throws {
    let threaded = try ThreadedStation(in: directory)
    let clients = try (0..<60).map { try threaded.station.connect("c\($0)") }
    for client in clients { client.send(MQTTBytes.publish("a", "x", qos: 1, id: 1)) }
    for client in clients { try client.expect(MQTTBytes.puback(1)) }
    // One in three comes to its own; if all came to one thread, about twenty would be there already.
    #expect(threaded.handedOver > 0)
    let shown = try #require(threaded.station.ingress.clients())
    #expect(shown.map(\.clientID) == (0..<60).map { "c\($0)" }.sorted())
  }

  @Test func `limits hold over all threads together`() throws {
    let threaded = try ThreadedStation(in: directory) {
      $0.maxConnections = 4
      $0.maxSessions = 2
      $0.maxRetained = 1
    }
    var clients = try (0..<4).map { try threaded.connect("c\($0)-", on: $0 % 3) }
    clients.append(try ScriptedClient(threaded.station.address))
    try clients[4].expectClose()
    try threaded.station.waitForStatus { $0.mqtt.rejected["too-many-connections"] == 1 }
    clients[1].send(MQTTBytes.publish("r/1", "x", qos: 1, id: 1, retain: true))
    try clients[1].expect(MQTTBytes.puback(1))
    clients[2].send(MQTTBytes.publish("r/2", "x", qos: 1, id: 1, retain: true))
    try clients[2].expect(MQTTBytes.puback(1))
    #expect(threaded.station.ingress.status.mqtt.retained == 1)
    clients = []
    try threaded.station.waitForStatus { $0.mqtt.connections == 0 }
    func session(on thread: Int) throws -> UInt8 {
      let client = try ScriptedClient(threaded.firstAddress)
      client.send(MQTTBytes.connect5(ThreadedStation.name("s", on: thread), [0x11, 0, 0, 0, 60], flags: 0))
      let connack = try client.receivePacket()
      client.send(MQTTBytes.disconnect)
      try client.expectClose()
      return connack[3]
    }
    #expect(try (0..<3).map(session) == [0, 0, 0x97])
    // Those that are there come back all the same.
    #expect(try session(on: 1) == 0)
  }

  @Test func `packets that have come in part are counted over all threads`() throws {
    let threaded = try ThreadedStation(in: directory) {
      $0.maxPacketBytes = 1 << 20
      $0.maxPartialBytes = 1 << 20
    }
    let part = Array(MQTTBytes.publish("a", String(repeating: "x", count: 900_000), qos: 1, id: 1).prefix(600_000))
    let first = try threaded.connect("c", on: 1)
    first.send(part)
    try threaded.station.waitForStatus { _ in first.hasNothing }
    let second = try threaded.connect("c", on: 2)
    second.send(part)
    try threaded.station.waitForStatus { $0.mqtt.rejected["too-many-partial-packets"] == 1 }
    try threaded.station.waitForStatus { $0.mqtt.connections == 1 }
  }

  @Test func `a second server is told that the port is taken, though both would share it`() throws {
    let threaded = try ThreadedStation(in: directory)
    for threads in [1, 2] {
      #expect(throws: IngressError.self) {
        _ = try Station(threads: threads) { $0.listen = [threaded.station.address] }
      }
    }
  }

  @Test func `a stop ends all threads, and closes what is on its way between them`() throws {
    let threaded = try ThreadedStation(in: directory)
    let address = threaded.station.address
    let flood = NamedThread.start("flood") {
      var number = 0
      while let client = try? ScriptedClient(address) {
        number += 1
        client.send(MQTTBytes.connect("c\(number)") + MQTTBytes.publish("a", "x", qos: 1, id: 1))
      }
    }
    try threaded.station.waitForStatus { $0.mqtt.messages > 300 }
    threaded.station.ingress.stop()
    flood.join()
    #expect(threaded.station.ingress.status.mqtt.connections == 0)
  }
}
