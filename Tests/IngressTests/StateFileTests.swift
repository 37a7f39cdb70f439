import Bytes
import Ingress
import Records
import Storage
import Support
import Testing

/// The forms in which sessions and retained messages are written down, byte for byte, and what damage does to them.
@Suite(.timeLimit(.minutes(2))) struct StateFileTests {
  private let directory = TemporaryDirectory()
  private var path: String { directory.path + "/mqtt/state" }

  private static func uint32(_ value: Int) -> [UInt8] { [UInt8](repeating: 0, count: 2) + MQTTBytes.number(value) }
  private static func int64(_ value: Int) -> [UInt8] { [UInt8](repeating: 0, count: 4) + uint32(value) }
  private static func block(_ text: String) -> [UInt8] { uint32(text.utf8.count) + Array(text.utf8) }

  /// Of client `s`: a subscription to `a/#` at QoS 1, one to `b` shared with group `g`, packet id 7 received, and a will.
  private static func session(next: Int, inbound: [Int], will: Bool) -> [UInt8] {
    var bytes = block("s") + int64(next) + [0x00, 0x76, 0xA7, 0x00]
    bytes += uint32(2)
    bytes += block("a/#") + [0] + block("") + [1, 0] + uint32(0)
    bytes += block("b") + [1] + block("g") + [2, 0] + uint32(0)
    bytes += uint32(inbound.count) + inbound.flatMap { MQTTBytes.number($0) }
    bytes += uint32(0)
    guard will else { return bytes + [0] }
    return bytes + [1] + block("will/s") + block("gone") + [1, 1] + uint32(0) + uint32(0) + block("")
  }

  /// Connects `s` as `session` has it, and retains a message.
  private func prepare(_ station: Station) throws -> ScriptedClient {
    let client = try ScriptedClient(station.address)
    // Will, its QoS 1, retained.
    client.send(MQTTBytes.connect("s", flags: 0b0010_1100, rest: MQTTBytes.text("will/s") + MQTTBytes.text("gone")))
    try client.expect(MQTTBytes.accepted)
    client.send(MQTTBytes.subscribe(1, ("a/#", 1), ("$share/g/b", 2)))
    try client.expect(MQTTBytes.suback(1, 1, 2))
    client.send(MQTTBytes.publish("c", "kept", qos: 1, id: 1, retain: true))
    try client.expect(MQTTBytes.puback(1))
    client.send(MQTTBytes.publish("d", "x", qos: 2, id: 7))
    try client.expect(MQTTBytes.pubrec(7))
    return client
  }

  private func payloads(_ station: Station, of topic: String) throws -> [[UInt8]] {
    var found: [[UInt8]] = []
    var reader = station.log.makeReader(at: 0)
    while let record = try reader.next() {
      if record.topic.text == topic { found.append(record.payload.array) }
    }
    return found
  }

  @Test func `the records of the log are what their table says`() throws {
    let station = try Station(in: directory)
    let client = try prepare(station)
    let sessions = try payloads(station, of: "$forebay/mqtt/session")
    #expect(sessions.count == 2)
    // Where its next record is was written down when the one before it, its own first, may not have been durable.
    let forms = (0...1).map { [1] + Self.session(next: $0, inbound: [], will: true) }
    #expect(sessions.last.map { forms.contains($0) } == true)
    client.send(MQTTBytes.pubrel(7))
    try client.expect(MQTTBytes.pubcomp(7))
    #expect(try payloads(station, of: "$forebay/mqtt/release") == [[1] + Self.block("s") + [0, 7]])
    client.send(MQTTBytes.disconnect)
    try client.expectClose()
    let fresh = try station.connect("s")
    station.ingress.stop()
    withExtendedLifetime(fresh) {}
    let ends = try payloads(station, of: "$forebay/mqtt/session-end")
    #expect(ends.last == [1] + Self.block("s"))
  }

  @Test func `the state file is what its table says`() throws {
    let station = try Station(in: directory)
    let client = try prepare(station)
    let end = Int(station.log.durableEnd)
    station.ingress.stop()
    station.log.close()
    withExtendedLifetime(client) {}
    let bytes = try readBytes(path)
    let (header, body, trailer) = (bytes.prefix(24), bytes.dropFirst(24).dropLast(4), bytes.suffix(4))
    #expect(Array(header.prefix(8)) == Array("FBms".utf8) + [0, 1, 0, 0])
    #expect(Array(trailer) == Self.checksum(bytes.dropLast(4)))
    // A stop in order takes the will back.
    var expected = Self.uint32(1) + Self.session(next: end, inbound: [7], will: false)
    expected += Self.uint32(1) + Self.block("c") + Self.block("kept") + Self.uint32(2) + Self.headers
    #expect(Array(body.prefix(expected.count)) == expected)
    // Behind it the time, the offset, of which there are two before it, and one group's place.
    let rest = Array(body.dropFirst(expected.count))
    #expect(
      Array(rest.dropFirst(8))
        == Self.int64(2) + Self.uint32(1) + Self.block("g") + Self.block("b") + Self.int64(end))
  }

  /// Who sent it, and that it is retained: texts of a record's headers, each behind its length as a zigzag varint.
  private static let headers =
    uint32(23) + [12] + Array("source".utf8) + [12] + Array("mqtt:s".utf8) + [12] + Array("retain".utf8) + [2, 0x31]

  private static func checksum(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    let value = CRC32C.checksum(of: Array(bytes).span.bytes)
    return (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) }
  }

  @Test func `a damaged or short file is put aside, and the log tells instead`() throws {
    let whole = try made()
    for index in whole.indices {
      var damaged = whole
      damaged[index] ^= 1 << UInt8(index % 8)
      try #require(try sessions(with: damaged) == 1, "byte \(index) flipped")
    }
    for count in stride(from: 0, to: whole.count, by: 3) {
      try #require(try sessions(with: Array(whole.prefix(count))) == 1, "\(count) of \(whole.count) bytes")
    }
  }

  @Test func `a file of nonsense with a checksum that is right ends nothing`() throws {
    let whole = try made()
    for index in 24..<(whole.count - 4) {
      var forged = Array(whole.dropLast(4))
      forged[index] ^= 0x81
      _ = try sessions(with: forged + Self.checksum(forged[...]))
    }
  }

  private func made() throws -> [UInt8] {
    let station = try Station(in: directory)
    let client = try prepare(station)
    station.ingress.stop()
    station.log.close()
    withExtendedLifetime(client) {}
    return try readBytes(path)
  }

  /// How many sessions a server finds beside a state file of `bytes`.
  private func sessions(with bytes: [UInt8]) throws -> Int {
    try writeBytes(path, bytes)
    let station = try Station(in: directory)
    defer {
      station.ingress.stop()
      station.log.close()
    }
    return station.ingress.status.mqtt.sessions
  }
}
