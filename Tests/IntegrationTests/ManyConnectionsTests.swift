import Glibc
import Support
import Testing

/// Clients that come and go at any point of what they have to say.
@Suite(.serialized, .timeLimit(.minutes(3))) struct ManyConnectionsTests {
  private static let conversations: [[UInt8]] = [
    MQTTBytes.connect("passer-by") + MQTTBytes.subscribe(1, ("a/#", 2), ("b/+", 1))
      + MQTTBytes.publish("a/b", String(repeating: "x", count: 300), qos: 2, id: 7) + MQTTBytes.pubrel(7)
      + MQTTBytes.publish("c", "kept", qos: 1, id: 8, retain: true) + MQTTBytes.pingreq + MQTTBytes.disconnect,
    MQTTBytes.connect5(
      "five", [0x11, 0, 0, 0, 30, 0x22, 0, 4], flags: 0x06,
      rest: [5, 0x18, 0, 0, 0, 1] + MQTTBytes.text("will") + MQTTBytes.text("gone"))
      + MQTTBytes.subscribe5(1, [11, 9], ("$share/g/a/#", 1), ("a/#", 1))
      + MQTTBytes.publish5("a/b", "y", qos: 1, id: 3, properties: MQTTBytes.everyPublishProperty)
      + MQTTBytes.publish5("a/b", "z", qos: 2, id: 4, properties: [35, 0, 1]) + MQTTBytes.unsubscribe5(5, "a/#"),
  ]

  @Test func `ten thousand that are cut off anywhere leave memory where it was, and the others alone`() throws {
    let forebay = try ForebayProcess()
    let bystander = try MQTTTestClient(port: forebay.mqttPort, clientID: "bystander")
    var random = SeededGenerator(seed: 5)
    try comeAndGo(2000, forebay, &random)
    try expectAnswer(bystander, 1)
    let before = try residentKilobytes(forebay)
    try comeAndGo(8000, forebay, &random)
    try expectAnswer(bystander, 2)
    try waitUntil("everybody to be gone") { try connections(forebay) == 1 }
    let after = try residentKilobytes(forebay)
    #expect(after - before < 4096, "\(before) KiB, then \(after)")
    try forebay.stop()
  }

  private func comeAndGo(_ count: Int, _ forebay: ForebayProcess, _ random: inout SeededGenerator) throws {
    var open: [RawConnection] = []
    for number in 0..<count {
      let connection = try RawConnection(port: forebay.mqttPort)
      var bytes = Self.conversations[random.below(2)]
      bytes.removeLast(random.below(bytes.count))
      // Now and then something that no client would say.
      if random.oneIn(8), !bytes.isEmpty { bytes[random.below(bytes.count)] = UInt8(random.below(256)) }
      connection.send(bytes)
      if random.oneIn(2) { connection.resetsAtEnd() }
      open.append(connection)
      // Some stay for a while.
      if number % 64 == 63 { open.removeAll() }
    }
  }

  private func expectAnswer(_ client: MQTTTestClient, _ identifier: UInt16) throws {
    try client.send(MQTTTestClient.publish(topic: "still", payload: "here", qos: 1, identifier: identifier))
    #expect(try client.read(milliseconds: 10_000) == MQTTBytes.puback(Int(identifier)))
  }

  private func connections(_ forebay: ForebayProcess) throws -> Int {
    let report = try forebay.command("status", "--format", "json")
    guard let found = report.firstMatch(of: /"connections": *([0-9]+)/) else {
      throw TestFailure("no connections in \(report)")
    }
    return Int(found.output.1) ?? -1
  }

  private func residentKilobytes(_ forebay: ForebayProcess) throws -> Int {
    let status = try readFile("/proc/\(forebay.process.identifier)/status")
    guard let found = status.firstMatch(of: /VmRSS:\s+([0-9]+)/) else { throw TestFailure("no VmRSS in \(status)") }
    return Int(found.output.1) ?? 0
  }
}

/// A connection that sends and hears nothing.
private final class RawConnection {
  private let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)

  init(port: Int) throws {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    address.sin_port = UInt16(port).bigEndian
    let status = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard status == 0 else { throw TestFailure("connect: \(String(cString: strerror(errno)))") }
  }

  deinit { close(socket) }

  func send(_ bytes: [UInt8]) {
    _ = Glibc.send(socket, bytes, bytes.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
  }

  func resetsAtEnd() {
    var option = linger(l_onoff: 1, l_linger: 0)
    setsockopt(socket, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
  }
}
