import Ingress
import Storage
import Support
import Testing

/// The number of ingress threads is another one at the next start.
@Suite(.timeLimit(.minutes(1))) struct ThreadCountTests {
  private let directory = TemporaryDirectory()
  private static let clients = 12

  /// Client `number`, which goes on with its session.
  private func connect(_ number: Int, _ station: Station, isPresent: Bool = true) throws -> ScriptedClient {
    let client = try ScriptedClient(station.address)
    client.send(MQTTBytes.connect("client \(number)", flags: 0))
    try client.expect([0x20, 2, isPresent ? 1 : 0, 0])
    return client
  }

  /// Each has a subscription of its own, a QoS 2 message from it that is received and not released, one to it that is not
  /// acknowledged; one in three is a member of a group.
  private func prepare(_ station: Station) throws {
    for number in 0..<Self.clients {
      let client = try connect(number, station, isPresent: false)
      client.send(MQTTBytes.subscribe(1, ("to/\(number)", 1)))
      try client.expect(MQTTBytes.suback(1, 1))
      if number % 3 == 0 {
        client.send(MQTTBytes.subscribe(2, ("$share/g/work", 1)))
        try client.expect(MQTTBytes.suback(2, 1))
      }
      client.send(MQTTBytes.publish("from/\(number)", "once", qos: 2, id: 7))
      try client.expect(MQTTBytes.pubrec(7))
      client.send(MQTTBytes.publish("to/\(number)", "in flight", qos: 1, id: 8))
      let packets = try [client.receivePacket(), client.receivePacket()]
      #expect(packets.contains(MQTTBytes.puback(8)))
      #expect(packets.contains(MQTTBytes.publish("to/\(number)", "in flight", qos: 1, id: 1)))
      if number % 2 == 0 {
        client.send(MQTTBytes.disconnect)
        try client.expectClose()
      }
    }
    let publisher = try station.connect("publisher")
    publisher.send(MQTTBytes.publish("kept", "r", qos: 1, id: 1, retain: true))
    try publisher.expect(MQTTBytes.puback(1))
    try station.waitForStatus { $0.mqtt.connections == 1 }
    for id in 1...3 {
      publisher.send(MQTTBytes.publish("work", "\(id)", qos: 1, id: id))
      try publisher.expect(MQTTBytes.puback(id))
    }
    for number in 0..<Self.clients {
      publisher.send(MQTTBytes.publish("to/\(number)", "waits", qos: 1, id: 1))
      try publisher.expect(MQTTBytes.puback(1))
    }
  }

  /// Everything is as `prepare` has left it; a member of the group takes what is there of its work.
  private func check(_ station: Station) throws {
    try station.waitForStatus { $0.mqtt.sessions == Self.clients && $0.mqtt.retained == 1 }
    var work: [String] = []
    for number in 0..<Self.clients {
      let client = try connect(number, station)
      client.send(MQTTBytes.publish("from/\(number)", "once", qos: 2, id: 7, duplicate: true))
      var expected = [
        MQTTBytes.pubrec(7), MQTTBytes.publish("to/\(number)", "in flight", qos: 1, id: 1, duplicate: true),
      ]
      if number == 0 { expected += [[], [], []] }
      var packets: [[UInt8]] = []
      // The next to it has the next free id.
      for _ in 0...expected.count { packets.append(try client.receivePacket()) }
      #expect(packets.contains(expected[0]) && packets.contains(expected[1]), "client \(number): \(packets)")
      let others = packets.filter { $0 != expected[0] && $0 != expected[1] }.map { text($0) }
      #expect(others.count { $0.contains("waits") } == 1)
      work += others.filter { $0.contains("work") }.map { String($0.last!) }
    }
    #expect(work.sorted() == ["1", "2", "3"])
    let once = try station.records().map(\.text).filter { $0.hasPrefix("from/") }
    #expect(once.sorted() == (0..<Self.clients).map { "from/\($0)=once" }.sorted())
  }

  @Test func `from four to one to three, and nothing is lost`() throws {
    var station = try Station(threads: 4, in: directory)
    try prepare(station)
    for threads in [1, 3] {
      station.ingress.stop()
      station.log.close()
      station = try Station(threads: threads, in: directory)
      try station.waitForStatus { $0.mqtt.sessions == Self.clients }
    }
    try check(station)
  }

  @Test(arguments: [1, 4])
  func `a power cut in between changes nothing`(threads: Int) throws {
    let station = try Station(threads: 4, in: directory)
    try prepare(station)
    try check(try Station(threads: threads, in: try station.imageOfNow()))
  }

  @Test(arguments: [1, 4])
  func `the state file has what all threads know, though the log has forgotten it`(threads: Int) throws {
    let station = try Station(threads: threads, maxLogBytes: 4 << 20, in: directory) { $0.maxPacketBytes = 1 << 20 }
    for number in 0..<Self.clients {
      let client = try connect(number, station, isPresent: false)
      client.send(MQTTBytes.subscribe(1, (number % 3 == 0 ? "$share/g/never" : "never", 1)))
      try client.expect(MQTTBytes.suback(1, 1))
    }
    let publishers = try (0..<4).map { try station.connect("p\($0)") }
    publishers[0].send(MQTTBytes.publish("kept", "r", qos: 1, id: 1, retain: true))
    try publishers[0].expect(MQTTBytes.puback(1))
    let payload = String(repeating: "x", count: 64 << 10)
    func fill() throws {
      for id in 1...20 {
        for publisher in publishers { publisher.send(MQTTBytes.publish("a", payload, qos: 1, id: id)) }
        for publisher in publishers { try publisher.expect(MQTTBytes.puback(id)) }
      }
    }
    try fill()
    try waitUntil("the state file") {
      try fill()
      return (try? readBytes(directory.path + "/mqtt/state")) != nil
    }
    let start = station.log.startOffset
    try waitUntil("the log to forget") {
      try fill()
      return station.log.startOffset > start + 100
    }
    let later = try Station(threads: 2, in: try station.imageOfNow())
    #expect(later.ingress.status.mqtt.sessions == Self.clients)
    #expect(later.ingress.status.mqtt.retained == 1)
    _ = try connect(3, later)
  }
}
