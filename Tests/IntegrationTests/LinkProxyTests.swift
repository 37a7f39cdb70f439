import Glibc
import Platform
import Support
import Testing

/// The line that other tests break: a client, a real mosquitto, and `LinkProxy` between them.
struct LinkProxyTests {
  private let directory = TemporaryDirectory()
  private let broker: MosquittoBroker
  private let link: LinkProxy

  init() throws {
    broker = try MosquittoBroker(in: directory)
    link = try LinkProxy(to: broker.port)
  }

  private func connect() throws -> MQTTTestClient { try MQTTTestClient(port: link.port, clientID: "c") }

  /// How long a message takes to be acknowledged; nil: longer than two seconds.
  private func exchange(_ client: MQTTTestClient, bytes: Int = 10) throws -> Double? {
    let start = monotonicSeconds()
    try client.send(
      MQTTTestClient.publish(topic: "t", payload: String(repeating: "x", count: bytes), qos: 1, identifier: 1))
    guard let answer = try client.read(milliseconds: 2000) else { return nil }
    #expect(answer.first == 0x40)
    return monotonicSeconds() - start
  }

  @Test func `an open line forwards everything and counts it`() throws {
    let client = try connect()
    #expect(try exchange(client, bytes: 1_000_000) != nil)
    #expect((1_000_000..<1_000_100).contains(link.bytesUp))
    // Counted when it is sent: the client may be faster.
    try waitUntil(seconds: 5, "CONNACK and PUBACK") { link.bytesDown == 8 }
    #expect(link.connections == 1)
    #expect(link.openings[0].prefix(2) == [0x10, 13])
    #expect(link.openings[0].count == 64 << 10)
  }

  @Test func `a long line delays in both directions, a thin one takes its time`() throws {
    let client = try connect()
    link.setLine(delayMilliseconds: 100)
    #expect(try #require(try exchange(client)) >= 0.2)
    link.setLine(bytesPerSecond: 100_000)
    #expect(try #require(try exchange(client, bytes: 50_000)) >= 0.4)
    link.setLine()
    #expect(try #require(try exchange(client, bytes: 50_000)) < 0.4)
  }

  @Test func `a line is cut at the byte, refuses, and comes back`() throws {
    let client = try connect()
    let before = link.bytesUp
    link.become(.cut, after: 100, .up)
    #expect(throws: TestFailure.self) { try exchange(client, bytes: 200) }
    #expect(link.bytesUp - before == 100)
    try waitUntil(seconds: 5, "the cut") { link.state == .cut }
    #expect(!canConnect(port: link.port))
    link.become(.open)
    #expect(try exchange(try connect()) != nil)
  }

  @Test func `nothing comes through a silent line, and what was on its way does when it is back`() throws {
    let client = try connect()
    link.become(.silent, after: 100, .up)
    #expect(try exchange(client, bytes: 200) == nil)
    link.become(.open)
    // The client's machine sends it again.
    #expect(try client.read(milliseconds: 5000)?.first == 0x40)
    #expect(try exchange(client) != nil)
  }

  @Test func `what is sent over a silent line is not acknowledged, over a mute one it is`() throws {
    let socket = try OutgoingSocket.stream(to: "127.0.0.1:\(link.port)", timeoutSeconds: 5)
    link.become(.silent)
    let bytes: [UInt8] = [0x10, 13]
    #expect(socket.send(bytes.span.bytes) == .moved(2))
    usleep(300_000)
    #expect(OutgoingSocket.unacknowledgedBytes(of: socket.raw) == 2)
    link.become(.mute)
    try waitUntil(seconds: 5, "the acknowledgement") { OutgoingSocket.unacknowledgedBytes(of: socket.raw) == 0 }
  }

  @Test func `a mute line takes everything and answers nothing`() throws {
    let client = try connect()
    link.become(.mute)
    #expect(try exchange(client, bytes: 1_000_000) == nil)
    #expect(throws: TestFailure.self) { try MQTTTestClient(port: link.port, clientID: "d", milliseconds: 500) }
    try waitUntil(seconds: 5, "what was said") { link.openings.last?.last == UInt8(ascii: "d") }
    link.become(.open)
    #expect(throws: TestFailure.self) { while try exchange(client) == nil {} }
    #expect(try exchange(try connect()) != nil)
  }
}
