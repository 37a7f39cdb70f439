import Bytes
import Ingress
import Platform
import Records
import Storage
import Support
import Testing

@Suite(.timeLimit(.minutes(1))) struct UDPListenerTests {
  private func configuration(topic: String = "udp/{address}") -> UDPListenerConfiguration {
    var configuration = UDPListenerConfiguration(listen: "127.0.0.1:0", topic: topic)
    configuration.maxDatagramBytes = 16
    return configuration
  }

  @Test func `a datagram is a record with its topic and source`() throws {
    let station = try Station(udp: [configuration(), configuration(topic: "weather/{address}/raw")])
    DatagramSender(station.ingress.udpAddresses[0]).send(Array("one".utf8))
    try station.waitForRecords(1)
    DatagramSender(station.ingress.udpAddresses[1]).send([])
    try station.waitForRecords(2)
    #expect(
      try station.records() == [
        .init(text: "udp/127.0.0.1=one", source: "udp:127.0.0.1", isRetained: false),
        .init(text: "weather/127.0.0.1/raw=", source: "udp:127.0.0.1", isRetained: false),
      ])
  }

  @Test func `senders that differ by port have topics of their own where the template asks for it`() throws {
    let station = try Station(udp: [configuration(topic: "d/{port}")])
    let senders = (0..<3).map { _ in DatagramSender(station.ingress.udpAddresses[0]) }
    for _ in 0..<2 { for sender in senders { sender.send([0x78]) } }
    try station.waitForRecords(6)
    let topics = try station.records().map(\.text)
    #expect(Set(topics).count == 3)
    #expect(Array(topics.prefix(3)) == Array(topics.suffix(3)))
  }

  @Test func `datagrams over the limit are counted, and said to be missing at most once a second`() throws {
    let time = ManualTime()
    let station = try Station(time: time, udp: [configuration()])
    let address = station.ingress.udpAddresses[0]
    let sender = DatagramSender(address)
    func missing(_ count: Int) -> String {
      "$forebay/gap={\"reason\":\"udp-too-large\",\"count\":\(count),\"where\":\"\(address)\"}"
    }
    let tooLong = [UInt8](repeating: 0x78, count: 17)
    sender.send(tooLong)
    try station.waitForRecords(1)
    #expect(try station.records().map(\.text) == [missing(1)])
    for _ in 0..<5 { sender.send(tooLong) }
    sender.send(Array("sixteen bytes :)".utf8))
    try station.waitForRecords(2)
    time.advance(milliseconds: 1001)
    try station.waitForRecords(3)
    #expect(try station.records().map(\.text) == [missing(1), "udp/127.0.0.1=sixteen bytes :)", missing(5)])
    try station.waitForStatus { $0.udp[0].tooLarge == 6 && $0.udp[0].messages == 1 }
  }

  @Test func `what the kernel drops is counted and said, so that nothing is missing silently`() throws {
    var configuration = configuration()
    configuration.receiveBufferBytes = 2048
    let station = try Station(commitBufferBytes: 4096, udp: [configuration])
    let client = try station.connect("c")
    station.disk.shut()
    // The commit stands still and has no room: nothing is read, and the kernel's small buffer runs over.
    client.send(MQTTBytes.publish("a", String(repeating: "x", count: 4090)))
    station.disk.waitUntilSomebodyWaits()
    let sender = DatagramSender(station.ingress.udpAddresses[0])
    let sent = 1000
    for _ in 0..<sent { sender.send([0x78]) }
    station.disk.open()
    // The kernel tells of its drops with the next datagram.
    while station.ingress.status.udp[0].kernelDrops == 0 { sender.send([0x79]) }
    station.ingress.stop()
    let status = station.ingress.status.udp[0]
    let said = try station.records().map(\.text).filter { $0.hasPrefix("$forebay/gap={\"reason\":\"udp-kernel\"") }
    let counts = said.compactMap { Int($0.split(separator: "\"count\":")[1].prefix { $0.isNumber }) }
    #expect(counts.reduce(0, +) == status.kernelDrops)
    #expect(status.messages + status.kernelDrops >= sent)
  }

  @Test(arguments: [
    ("udp/{adress}", "`udp[0].topic`: `udp/{adress}` is no topic: a brace must begin `{address}` or `{port}`"),
    ("", "`udp[0].topic`: `` is no topic: it is empty"),
    ("udp/#", "`udp[0].topic`: `udp/#` is no topic: it contains a wildcard"),
    ("$forebay/x", "`udp[0].topic`: `$forebay/x` is no topic: topics that begin with `$` are Forebay's own"),
  ])
  func `a bad template names the setting`(topic: String, expected: String) throws {
    do {
      _ = try Station(udp: [configuration(topic: topic)])
      Issue.record("it starts")
    } catch let error as IngressError {
      #expect("\(error)".hasPrefix(expected), "\(error)")
    }
  }
}
