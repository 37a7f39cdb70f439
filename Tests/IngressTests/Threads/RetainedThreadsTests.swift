import Ingress
import Platform
import Storage
import Support
import Testing

/// Retained messages that come to different ingress threads.
@Suite(.timeLimit(.minutes(1))) struct RetainedThreadsTests {
  private let directory = TemporaryDirectory()

  @Test func `a retained message is there for every thread once it is acknowledged`() throws {
    let threaded = try ThreadedStation(in: directory)
    let publishers = try (0..<3).map { try threaded.connect("p", on: $0) }
    let subscribers = try (0..<3).map { try threaded.connect("s", on: $0) }
    for round in 1...200 {
      let publisher = publishers[round % 3]
      publisher.send(MQTTBytes.publish("r", "\(round)", qos: 1, id: round, retain: true))
      try publisher.expect(MQTTBytes.puback(round))
      let subscriber = subscribers[(round + 1) % 3]
      subscriber.send(MQTTBytes.subscribe(round, ("r", 0)))
      try subscriber.expect(MQTTBytes.suback(round, 0) + MQTTBytes.publish("r", "\(round)", retain: true))
      subscriber.send(MQTTBytes.unsubscribe(round, "r"))
      try subscriber.expect(MQTTBytes.unsuback(round))
    }
  }

  @Test
  func `what is retained is the last of the log, whichever threads the messages came to, and after a restart, too`()
    throws
  {
    let threaded = try ThreadedStation(in: directory)
    let publishers = try (0..<3).map { try threaded.connect("p", on: $0) }
    for round in 1...100 {
      for (number, publisher) in publishers.enumerated() {
        // One in seven takes the topic's away.
        let payload = (round * 3 + number) % 7 == 0 ? "" : "\(number) \(round)"
        publisher.send(MQTTBytes.publish("r/\(round % 10)", payload, qos: 1, id: round, retain: true))
      }
      if round % 5 == 0 { for publisher in publishers { _ = try publisher.receive(4 * 5) } }
    }
    var last: [String: String] = [:]
    for record in try threaded.station.records() {
      let parts = record.text.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
      last[parts[0]] = parts[1].isEmpty ? nil : parts[1]
    }
    func retained(_ address: String) throws -> [String: String] {
      let client = try ScriptedClient.connected(address, "reader")
      client.send(MQTTBytes.subscribe(1, ("r/+", 0)) + MQTTBytes.pingreq)
      try client.expect(MQTTBytes.suback(1, 0) + MQTTBytes.pingresp)
      var found: [String: String] = [:]
      for _ in last {
        let packet = try client.receivePacket()
        found[text(packet.dropFirst(4).prefix(3))] = text(packet.dropFirst(7))
      }
      return found
    }
    #expect(try retained(threaded.station.address) == last)
    #expect(threaded.station.ingress.status.mqtt.retained == last.count)
    let later = try Station(in: try threaded.station.imageOfNow())
    #expect(try retained(later.address) == last)
  }

  @Test func `who subscribes while a retained message comes gets it one way or the other`() throws {
    let threaded = try ThreadedStation(in: directory)
    let publisher = try threaded.connect("p", on: 1)
    // Keeps the second thread following the log.
    let follower = try threaded.subscribed("f", on: 2, "x")
    let subscriber = try threaded.connect("s", on: 2)
    for round in 1...300 {
      publisher.send(MQTTBytes.publish("r", "\(round)", qos: 1, id: round, retain: true))
      if round % 3 > 0 { SystemTime().sleep(milliseconds: 0) }
      subscriber.send(MQTTBytes.subscribe(round, ("r", 0)))
      try subscriber.expect(MQTTBytes.suback(round, 0))
      try publisher.expect(MQTTBytes.puback(round))
      // The one before may come first.
      while true {
        let packet = try subscriber.receivePacket()
        if text(packet.dropFirst(5)) == "\(round)" { break }
      }
      subscriber.send(MQTTBytes.unsubscribe(round, "r") + MQTTBytes.pingreq)
      while try subscriber.receivePacket() != MQTTBytes.pingresp {}
    }
    withExtendedLifetime(follower) {}
  }
}
