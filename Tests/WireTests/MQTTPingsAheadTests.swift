import Bytes
import Support
import Testing
import Wire

struct MQTTPingsAheadTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let packets: [UInt8]
    let rest: [UInt8]
    let pings: Int
    var testDescription: String { name }
  }

  private static let ping = MQTTBytes.pingreq
  private static let publish = MQTTBytes.publish("a", String(repeating: "x", count: 200), qos: 1, id: 1)
  private static let tooLong = MQTTBytes.publish("a", String(repeating: "x", count: 2000))

  static let cases = [
    Case(name: "nothing", packets: [], rest: [], pings: 0),
    Case(name: "no ping", packets: publish + publish, rest: publish + publish, pings: 0),
    Case(name: "behind a publish", packets: publish + ping, rest: publish, pings: 1),
    Case(
      name: "between and behind", packets: ping + publish + ping + ping + publish + ping, rest: publish + publish,
      pings: 4),
    Case(name: "a ping cut in two", packets: publish + [0xC0], rest: publish + [0xC0], pings: 0),
    Case(
      name: "in front of a part", packets: ping + Array(publish.prefix(50)), rest: Array(publish.prefix(50)), pings: 1),
    Case(name: "inside a payload", packets: MQTTBytes.publish("a", ping), rest: MQTTBytes.publish("a", ping), pings: 0),
    Case(name: "behind what is no packet", packets: ping + [0x00, 0] + ping, rest: [0x00, 0] + ping, pings: 1),
    Case(name: "behind a packet that is too long", packets: tooLong + ping, rest: tooLong + ping, pings: 0),
    Case(name: "a ping with a body", packets: [0xC0, 1, 9] + ping, rest: [0xC0, 1, 9], pings: 1),
  ]

  @Test(arguments: cases) func `pings are answered ahead, and everything else stays as it was`(row: Case) {
    var packets = ByteWriter(capacity: 16)
    packets.append(row.packets)
    var replies = ByteWriter(capacity: 16)
    MQTTPingsAhead.answer(in: &packets, limit: 1000, replies: &replies)
    let rest = packets.array
    let answers = replies.array
    #expect(rest == row.rest)
    #expect(answers == (0..<row.pings).flatMap { _ in MQTTBytes.pingresp })
  }
}
