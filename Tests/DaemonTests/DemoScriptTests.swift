import Daemon
import JSON5
import Records
import Testing

struct DemoScriptTests {
  private static func play(seed: UInt64, seconds: Int = 120) -> [DemoScript.Scene] {
    var script = DemoScript(seed: seed)
    return (0..<seconds).map { second in
      script.next(second: second, at: Timestamp(milliseconds: 1_790_000_000_000 + Int64(second) * 1000))
    }
  }

  private static func bytes(of scenes: [DemoScript.Scene]) -> [[UInt8]] {
    scenes.flatMap { scene in scene.messages.flatMap { $0.messages.map(\.payload) } + scene.datagrams }
  }

  @Test func `the same seed sends the same bytes, another one others`() {
    #expect(Self.bytes(of: Self.play(seed: 1)) == Self.bytes(of: Self.play(seed: 1)))
    #expect(Self.bytes(of: Self.play(seed: 1)) != Self.bytes(of: Self.play(seed: 2)))
  }

  @Test func `every family speaks on the topics it has in life`() {
    let topics = Set(Self.play(seed: 1).flatMap { $0.messages.flatMap { $0.messages.map(\.topic) } })
    let expected: Set = [
      "tele/tasmota_4A1B2C/LWT", "tele/tasmota_4A1B2C/SENSOR", "tele/tasmota_4A1B2C/STATE",
      "shellyplus1pm-a8032ab12345/online", "shellyplus1pm-a8032ab12345/status/switch:0",
      "shellyplus1pm-a8032ab12345/events/rpc", "zigbee2mqtt/bridge/state", "zigbee2mqtt/cold store",
      "zigbee2mqtt/warehouse door",
    ]
    #expect(expected.subtracting(topics).isEmpty)
    for topic in topics { #expect(Topic.problem(with: topic.utf8.span.bytes) == nil) }
  }

  @Test func `payloads are JSON, but for the words that are none in life`() throws {
    for scene in Self.play(seed: 1) {
      for message in scene.messages.flatMap(\.messages) where !message.topic.hasSuffix("LWT") {
        _ = try JSON5Parser.parse(message.payload)
      }
      for datagram in scene.datagrams { _ = try JSON5Parser.parse(datagram) }
    }
  }

  @Test func `values move, slowly, and stay believable`() throws {
    var script = DemoScript(seed: 7)
    var temperatures: [Double] = []
    for second in 0..<3600 {
      let scene = script.next(second: second, at: Timestamp(milliseconds: Int64(second) * 1000))
      for message in scene.messages.flatMap(\.messages) where message.topic == "zigbee2mqtt/cold store" {
        let value = try JSON5Parser.parse(message.payload)
        guard case .object(let members) = value.content,
          case .number(let number)? = members.first(where: { $0.key == "temperature" })?.value.content
        else { throw Missing() }
        temperatures.append(number.double)
      }
    }
    #expect(temperatures.count == 720)
    #expect(temperatures.allSatisfy { (2.5...5.5).contains($0) })
    #expect(Set(temperatures).count > 50)
    let steps = zip(temperatures, temperatures.dropFirst()).map { abs($0 - $1) }
    #expect(steps.max()! < 0.8)
  }

  private struct Missing: Error {}

  @Test func `the weather station's observation has the fields of its reference, in order`() throws {
    let datagram = try #require(Self.play(seed: 1).first?.datagrams.first)
    guard case .object(let members) = try JSON5Parser.parse(datagram).content,
      case .array(let observations)? = members.first(where: { $0.key == "obs" })?.value.content,
      case .array(let fields)? = observations.first?.content
    else { throw Missing() }
    #expect(fields.count == 18)
    guard case .number(let time) = fields[0].content else { throw Missing() }
    #expect(time.integer == 1_790_000_000)
  }
}
