import Bytes
import Ingress
import Platform
import Records
import Storage
import Support
import Testing

@Suite(.timeLimit(.minutes(1))) struct DeliveryTests {
  @Test(arguments: Station.threads)
  func `subscribers get what matches, once durable`(threads: Int) throws {
    let station = try Station(threads: threads)
    let subscriber = try station.connect("subscriber")
    subscriber.send(MQTTBytes.subscribe(1, ("plant/+/temp", 0), ("alarm/#", 1)))
    try subscriber.expect(MQTTBytes.suback(1, 0, 1))
    let publisher = try station.connect("publisher")
    station.disk.shut()
    publisher.send(
      MQTTBytes.publish("plant/1/temp", "20", qos: 1, id: 1) + MQTTBytes.publish("plant/1/hum", "50")
        + MQTTBytes.publish("alarm", "!", qos: 2, id: 2) + MQTTBytes.publish("plant/2/temp", "21", retain: true)
        + MQTTBytes.pingreq)
    try publisher.expect(MQTTBytes.pingresp)
    station.disk.waitUntilSomebodyWaits()
    subscriber.send(MQTTBytes.pingreq)
    try subscriber.expect(MQTTBytes.pingresp)
    #expect(subscriber.hasNothing)
    station.disk.open()
    try subscriber.expect(
      MQTTBytes.publish("plant/1/temp", "20") + MQTTBytes.publish("alarm", "!", qos: 1, id: 1)
        + MQTTBytes.publish("plant/2/temp", "21"))
    subscriber.send(MQTTBytes.puback(1))
  }

  @Test(arguments: Station.threads)
  func `overlapping filters deliver once, at the highest QoS`(threads: Int) throws {
    let station = try Station(threads: threads)
    let client = try station.connect("c")
    client.send(MQTTBytes.subscribe(1, ("a/#", 0), ("a/+", 1), ("a/b", 0)))
    try client.expect(MQTTBytes.suback(1, 0, 1, 0))
    let publisher = try station.connect("p")
    publisher.send(MQTTBytes.publish("a/b", "x", qos: 1, id: 1) + MQTTBytes.publish("a/b/c", "y", qos: 1, id: 2))
    try client.expect(MQTTBytes.publish("a/b", "x", qos: 1, id: 1) + MQTTBytes.publish("a/b/c", "y"))
  }

  @Test(arguments: Station.threads)
  func `a filter that is taken back delivers no more`(threads: Int) throws {
    let station = try Station(threads: threads)
    let client = try station.connect("c")
    client.send(MQTTBytes.subscribe(1, ("a", 0), ("b", 0)))
    try client.expect(MQTTBytes.suback(1, 0, 0))
    client.send(MQTTBytes.subscribe(2, ("b", 1)))
    try client.expect(MQTTBytes.suback(2, 1))
    client.send(MQTTBytes.unsubscribe(3, "a"))
    try client.expect(MQTTBytes.unsuback(3))
    let publisher = try station.connect("p")
    publisher.send(MQTTBytes.publish("a", "x", qos: 1, id: 1) + MQTTBytes.publish("b", "y", qos: 2, id: 2))
    try client.expect(MQTTBytes.publish("b", "y", qos: 1, id: 1))
    try station.waitForStatus { $0.mqtt.subscriptions == 1 }
  }

  @Test(arguments: Station.threads)
  func `wildcards do not match Forebay's own records, their topic does`(threads: Int)
    throws
  {
    var udp = UDPListenerConfiguration(listen: "127.0.0.1:0")
    udp.maxDatagramBytes = 4
    let station = try Station(threads: threads, udp: [udp])
    let all = try station.connect("all")
    all.send(MQTTBytes.subscribe(1, ("#", 0)))
    try all.expect(MQTTBytes.suback(1, 0))
    let own = try station.connect("own")
    own.send(MQTTBytes.subscribe(1, ("$forebay/#", 0)))
    try own.expect(MQTTBytes.suback(1, 0))
    let sender = DatagramSender(station.ingress.udpAddresses[0])
    sender.send(Array("too long".utf8))
    let gap = try own.receivePacket()
    #expect(gap.span.bytes.text.contains("$forebay/gap{\"reason\":\"udp-too-large\",\"count\":1,"))
    sender.send(Array("fits".utf8))
    try all.expect(MQTTBytes.publish("udp/127.0.0.1", "fits"))
  }

  @Test(arguments: Station.threads)
  func `a subscriber that does not acknowledge catches up from the log`(threads: Int)
    throws
  {
    let station = try Station(threads: threads) { $0.maxInFlight = 4 }
    let subscriber = try station.connect("subscriber")
    subscriber.send(MQTTBytes.subscribe(1, ("a", 1)))
    try subscriber.expect(MQTTBytes.suback(1, 1))
    let publisher = try station.connect("publisher")
    for id in 1...100 {
      publisher.send(MQTTBytes.publish("a", "\(id)", qos: 1, id: id) + MQTTBytes.publish("b", "\(id)"))
    }
    for id in 1...100 { try publisher.expect(MQTTBytes.puback(id)) }
    for id in 1...4 { try subscriber.expect(MQTTBytes.publish("a", "\(id)", qos: 1, id: id)) }
    subscriber.send(MQTTBytes.pingreq)
    try subscriber.expect(MQTTBytes.pingresp)
    #expect(subscriber.hasNothing)
    for id in 5...100 {
      subscriber.send(MQTTBytes.puback(id - 4))
      try subscriber.expect(MQTTBytes.publish("a", "\(id)", qos: 1, id: id))
    }
  }

  @Test(arguments: Station.threads)
  func `a subscriber that does not read stalls nobody, takes no memory, and misses nothing`(threads: Int) throws {
    let station = try Station(threads: threads) { $0.maxQueuedBytes = 16 << 10 }
    let slow = try station.connect("slow", receiveBufferBytes: 4096)
    slow.send(MQTTBytes.subscribe(1, ("a", 0)))
    try slow.expect(MQTTBytes.suback(1, 0))
    let quick = try station.connect("quick")
    quick.send(MQTTBytes.subscribe(1, ("a", 0)))
    try quick.expect(MQTTBytes.suback(1, 0))
    let publisher = try station.connect("publisher")
    let count = 10_000
    let padding = String(repeating: "x", count: 1000)
    for id in 1...count {
      publisher.send(MQTTBytes.publish("a", "\(id) \(padding)", qos: 1, id: id))
      if id % 100 == 0 {
        for id in (id - 99)...id { try publisher.expect(MQTTBytes.puback(id)) }
        for id in (id - 99)...id { try quick.expect(MQTTBytes.publish("a", "\(id) \(padding)")) }
      }
    }
    try station.waitForStatus { $0.mqtt.laggingSubscribers == 1 }
    for id in 1...count { try slow.expect(MQTTBytes.publish("a", "\(id) \(padding)")) }
    publisher.send(MQTTBytes.publish("a", "last"))
    try slow.expect(MQTTBytes.publish("a", "last"))
    try quick.expect(MQTTBytes.publish("a", "last"))
  }

  @Test(arguments: Station.threads)
  func `a subscriber that has caught up for a while follows with the others again`(
    threads: Int
  ) throws {
    let time = ManualTime()
    let station = try Station(threads: threads, time: time) { $0.maxInFlight = 1 }
    let client = try station.connect("c")
    client.send(MQTTBytes.subscribe(1, ("a", 1)))
    try client.expect(MQTTBytes.suback(1, 1))
    let publisher = try station.connect("p")
    publisher.send(MQTTBytes.publish("a", "1", qos: 1, id: 1) + MQTTBytes.publish("a", "2", qos: 1, id: 2))
    try client.expect(MQTTBytes.publish("a", "1", qos: 1, id: 1))
    client.send(MQTTBytes.puback(1))
    try client.expect(MQTTBytes.publish("a", "2", qos: 1, id: 2))
    client.send(MQTTBytes.puback(2))
    client.send(MQTTBytes.publish("b", "", qos: 1, id: 1))
    try client.expect(MQTTBytes.puback(1))
    try station.waitForStatus { $0.mqtt.laggingSubscribers == 1 }
    time.advance(milliseconds: 3000)
    client.send(MQTTBytes.publish("b", "", qos: 1, id: 2))
    try client.expect(MQTTBytes.puback(2))
    client.send(MQTTBytes.publish("b", "", qos: 1, id: 3))
    try client.expect(MQTTBytes.puback(3))
    try station.waitForStatus { $0.mqtt.laggingSubscribers == 0 }
    publisher.send(MQTTBytes.publish("a", "3", qos: 1, id: 3))
    try client.expect(MQTTBytes.publish("a", "3", qos: 1, id: 3))
  }

  @Test(arguments: Station.threads)
  func `retained messages that fill the window of a subscriber that lags leave nothing out`(threads: Int) throws {
    let station = try Station(threads: threads) { $0.maxInFlight = 2 }
    let publisher = try station.connect("p")
    for id in 1...5 {
      publisher.send(MQTTBytes.publish("r/\(id)", "x", qos: 1, id: id, retain: true))
      try publisher.expect(MQTTBytes.puback(id))
    }
    let client = try station.connect("c")
    client.send(MQTTBytes.subscribe(1, ("a", 1)))
    try client.expect(MQTTBytes.suback(1, 1))
    for id in 1...3 {
      publisher.send(MQTTBytes.publish("a", "\(id)", qos: 1, id: id))
      try publisher.expect(MQTTBytes.puback(id))
    }
    for id in 1...2 { try client.expect(MQTTBytes.publish("a", "\(id)", qos: 1, id: id)) }
    try station.waitForStatus { $0.mqtt.laggingSubscribers == 1 }
    client.send(MQTTBytes.puback(1) + MQTTBytes.puback(2) + MQTTBytes.subscribe(2, ("r/#", 1)))
    var topics: [UInt8] = []
    for id in 3...8 {
      var packet = try client.receivePacket()
      if packet[0] == 0x90 { packet = try client.receivePacket() }
      topics.append(packet[4])
      client.send(MQTTBytes.puback(id))
    }
    #expect(topics.sorted() == Array("arrrrr".utf8))
  }

  @Test(arguments: Station.threads)
  func `more subscribers lag than may read at once, and all get everything`(
    threads: Int
  ) throws {
    let station = try Station(threads: threads) { $0.maxInFlight = 1 }
    let subscribers = try (0..<40).map { try station.connect("s\($0)") }
    for subscriber in subscribers {
      subscriber.send(MQTTBytes.subscribe(1, ("a", 1)))
      try subscriber.expect(MQTTBytes.suback(1, 1))
    }
    let publisher = try station.connect("publisher")
    for id in 1...5 { publisher.send(MQTTBytes.publish("a", "\(id)", qos: 1, id: id)) }
    for id in 1...5 { try publisher.expect(MQTTBytes.puback(id)) }
    try station.waitForStatus { $0.mqtt.laggingSubscribers == 40 }
    for id in 1...5 {
      for subscriber in subscribers {
        try subscriber.expect(MQTTBytes.publish("a", "\(id)", qos: 1, id: id))
        subscriber.send(MQTTBytes.puback(id))
      }
    }
  }

  @Test(arguments: Station.threads)
  func `who had to wait for the memory that others took goes on when they are gone`(threads: Int) throws {
    let station = try Station(threads: threads) {
      $0.maxPacketBytes = 1 << 20
      $0.maxQueuedBytes = 1 << 30
    }
    let payload = String(repeating: "x", count: 1_000_000)
    let publisher = try station.connect("publisher")
    var greedy: [ScriptedClient] = []
    for number in 1...4 {
      let client = try station.connect("greedy \(number)", receiveBufferBytes: 4096)
      client.send(MQTTBytes.subscribe(1, ("a", 0)))
      try client.expect(MQTTBytes.suback(1, 0))
      greedy.append(client)
    }
    for id in 1...25 {
      publisher.send(MQTTBytes.publish("a", payload, qos: 1, id: id))
      try publisher.expect(MQTTBytes.puback(id))
    }
    try station.waitForStatus { $0.mqtt.queuedBytes > 64 << 20 }
    let waiting = try station.connect("waiting")
    waiting.send(MQTTBytes.subscribe(1, ("b", 0)))
    try waiting.expect(MQTTBytes.suback(1, 0))
    publisher.send(MQTTBytes.publish("b", "x", qos: 1, id: 1))
    try publisher.expect(MQTTBytes.puback(1))
    try station.waitForStatus { $0.mqtt.laggingSubscribers > 0 }
    greedy = []
    try waiting.expect(MQTTBytes.publish("b", "x"))
  }

  @Test(arguments: Station.threads)
  func `a subscriber that closes while it lags leaves nothing behind`(threads: Int)
    throws
  {
    let station = try Station(threads: threads) { $0.maxInFlight = 1 }
    let publisher = try station.connect("publisher")
    for round in 1...50 {
      let subscriber = try station.connect("s")
      subscriber.send(MQTTBytes.subscribe(1, ("a", 1)))
      try subscriber.expect(MQTTBytes.suback(1, 1))
      for id in 1...3 { publisher.send(MQTTBytes.publish("a", "\(round) \(id)", qos: 1, id: id)) }
      for id in 1...3 { try publisher.expect(MQTTBytes.puback(id)) }
      try subscriber.expect(MQTTBytes.publish("a", "\(round) 1", qos: 1, id: 1))
      subscriber.send(MQTTBytes.puback(1))
      try subscriber.expect(MQTTBytes.publish("a", "\(round) 2", qos: 1, id: 2))
    }
    try station.waitForStatus {
      $0.mqtt.laggingSubscribers == 0 && $0.mqtt.subscriptions == 0 && $0.mqtt.connections == 1
    }
  }

  @Test(arguments: Station.threads)
  func `a subscriber that is closed is closed at once, and not when the next message comes`(threads: Int) throws {
    let station = try Station(threads: threads)
    let subscriber = try station.connect("c")
    subscriber.send(MQTTBytes.subscribe(1, ("a", 0)))
    try subscriber.expect(MQTTBytes.suback(1, 0))
    let publisher = try station.connect("p")
    publisher.send(MQTTBytes.publish("a", "x", qos: 1, id: 1))
    try subscriber.expect(MQTTBytes.publish("a", "x"))
    subscriber.send([0, 0])
    try subscriber.expectClose()
  }

  @Test(arguments: Station.threads)
  func `a client that reads no answers is not read from without end`(threads: Int)
    throws
  {
    let station = try Station(threads: threads) { $0.maxQueuedBytes = 4096 }
    let rude = try station.connect("rude", receiveBufferBytes: 4096)
    let polite = try station.connect("polite")
    let pings = [UInt8]([[UInt8]](repeating: MQTTBytes.pingreq, count: 2000).joined())
    let thread = ScriptedFlood(rude, pings, times: 2000)
    var mostQueued = 0
    for id in 1...500 {
      polite.send(MQTTBytes.publish("a", "x", qos: 1, id: id))
      try polite.expect(MQTTBytes.puback(id))
      mostQueued = max(mostQueued, station.ingress.status.mqtt.queuedBytes)
    }
    #expect(mostQueued > 4096)
    #expect(mostQueued < 100 << 10)
    for _ in 0..<2000 { #expect(try rude.receive(pings.count).count == pings.count) }
    thread.join()
  }
}

/// Sends from a thread of its own, since it may have to wait.
private struct ScriptedFlood: ~Copyable {
  private let thread: NamedThread

  init(_ client: ScriptedClient, _ bytes: [UInt8], times: Int) {
    nonisolated(unsafe) let client = client
    thread = NamedThread.start("flood") { for _ in 0..<times { client.send(bytes) } }
  }

  consuming func join() { thread.join() }
}
