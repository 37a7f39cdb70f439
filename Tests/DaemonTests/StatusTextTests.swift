import Daemon
import Testing

struct StatusTextTests {
  private func lines(_ json: String) throws -> [String] {
    let text = try #require(StatusText.render(Array(json.utf8)))
    return text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }

  private static let report = """
    {"running":true,"time":"2026-11-23T03:12:45.000Z","gateway":"plant-7","version":"0.1.0","data":"/var/lib/forebay",
    "uptimeSeconds":3725,"health":"ok",
    "log":{"startOffset":10,"endOffset":1234577,"oldestRecord":"2026-11-20T11:02:33.000Z",
    "newestRecord":"2026-11-23T03:12:44.500Z","waitingRecords":12,"bytes":851866419,"maxBytes":1073741824,"segments":13,
    "sealedSegments":12,"sealedBytes":734003200,"sealedBytesBefore":3328599654,"freeBytes":13314398617,
    "bytesWrittenTotal":6979321856,"bytesWrittenPerDay":2254857830,
    "commitMicroseconds":{"p50":900,"p99":2100,"max":12345},"syncMicroseconds":{"p50":420,"p99":1900,"max":12300},
    "retired":{"maxBytes":{"records":5000,"bytes":1},"maxAge":{"records":7,"bytes":1}},
    "dropped":{"maxBytes":{"records":1200,"bytes":1}},"damagedSegments":1,"lostRecords":3,"refusal":null},
    "rates":{"seconds":60.0},
    "mqtt":{"listen":["0.0.0.0:1883","[::]:1883"],"connections":1,"messages":1234567,"messagesPerSecond":123.4,
    "bytes":1536,"acks":2,"subscriptions":0,"rejected":{"malformed":3}},
    "udp":[{"listen":"0.0.0.0:5510","messages":4,"messagesPerSecond":0.1,"bytes":5,"tooLarge":0,"kernelDrops":6}],
    "routes":[{"name":"siren","state":"up to date","position":1234577,"lag":0,"oldestRecord":null,
    "recordsPerSecond":1.2,"secondsToDrain":0,"delivered":7,"retries":0,"deadLettered":1,"lastError":null}],
    "subscriptions":[{"name":"site","broker":"h:1883","state":"subscribed","messages":1,"messagesPerSecond":null,
    "bytes":9,"lastError":null}],
    "uplinks":[{"name":"centre","target":"mqtt h:1883","state":"shipping","position":1000000,"lag":234577,
    "oldestRecord":"2026-11-23T01:07:00.000Z","recordsPerSecond":1500.25,"secondsToDrain":3720,"shippedRecords":5,
    "rawBytes":2048,"shippedBytes":512,"shipments":2,"retries":3,"deadLetters":0,
    "lastError":"no route to host, which is what the network says when nobody has a way there"}]}
    """

  @Test func `a report is shown in sections, each number below its title`() throws {
    let expected = [
      "forebay 0.1.0 as plant-7, up 1 h 2 min",
      "  health       ok",
      "  data         /var/lib/forebay, 12.4 GiB free on its disk",
      "  time         2026-11-23T03:12:45.000Z",
      "",
      "LOG",
      "  records      1,234,567, offsets 10 to 1,234,576",
      "  oldest       2026-11-20T11:02:33.000Z, 2 d 16 h ago",
      "  newest       2026-11-23T03:12:44.500Z, 0 s ago",
      "  size         812.4 MiB of 1.0 GiB (79 %) in 13 segments",
      "  sealed       12 segments, 3.1 GiB in 700.0 MiB (4.5 to 1)",
      "  not on disk  12 records, not yet acknowledged",
      "  commit       p50 0.9 ms, p99 2.1 ms, longest 12.3 ms",
      "  sync         p50 0.4 ms, p99 1.9 ms, longest 12.3 ms",
      "  written      2.1 GiB a day, 6.5 GiB since the log was made",
      "  gone         5,000 records for log.maxBytes, 1,200 of them NOT CONSUMED",
      "  gone         7 records for log.maxAge, all consumed",
      "  lost         3 records in 1 damaged segment",
      "",
      "IN                                        MESSAGES       A SECOND          BYTES",
      "  mqtt 0.0.0.0:1883                      1,234,567          123.4        1.5 KiB",
      "    also [::]:1883",
      "    1 connection, 0 subscriptions, 2 acknowledged",
      "    refused: 3 malformed",
      "  udp 0.0.0.0:5510                               4            0.1            5 B",
      "    6 dropped by the kernel",
      "  broker site                                    1              -            9 B",
      "    subscribed, h:1883",
      "",
      "OUT                      POSITION         LAG       OLDEST  A SECOND  DRAINED IN",
      "  route siren           1,234,577           0            -       1.2           -",
      "    up to date, 7 delivered, 1 to the dead letters",
      "  uplink centre         1,000,000     234,577    2 h 5 min   1,500.3   1 h 2 min",
      "    shipping, mqtt h:1883, 5 records in 2 shipments (2.0 KiB as 512 B), 3",
      "      retried, last error: no route to host, which is what the network says when",
      "      nobody has a way there",
    ]
    let found = try lines(Self.report)
    for (line, wanted) in zip(found, expected) { #expect(line == wanted) }
    #expect(found.count == expected.count)
  }

  @Test func `no line is longer than a screen is wide, whatever the names and errors`() throws {
    let long = String(repeating: "n", count: 200)
    let json = Self.report.replacing("centre", with: long).replacing("no route", with: long)
      .replacing("/var/lib/forebay", with: "/" + long).replacing("0.0.0.0:5510", with: long)
    for line in try lines(json) { #expect(line.count <= 80, "\(line)") }
  }

  @Test(arguments: [
    ("null", "0.0", "standing"), ("null", "3.5", "growing"), ("null", "null", "-"), ("61", "9.0", "1 min 1 s"),
  ])
  func `what becomes of a lag is said`(seconds: String, rate: String, words: String) throws {
    let json = """
      {"log":{},"routes":[{"name":"r","lag":5,"recordsPerSecond":\(rate),"secondsToDrain":\(seconds)}]}
      """
    #expect(try lines(json).contains { $0.hasPrefix("  route r") && $0.hasSuffix(" " + words) })
  }

  @Test func `a log that nobody keeps is shown as such`() throws {
    let json = """
      {"running":false,"time":"2026-11-23T03:12:45.000Z","data":"/d",
      "log":{"startOffset":0,"endOffset":0,"bytes":0,"segments":1},
      "routes":[{"name":"siren","position":0,"lag":0,"oldestRecord":null}]}
      """
    #expect(
      try lines(json) == [
        "no daemon is running on /d; its files say:", "", "LOG",
        "  records      none, the next has offset 0", "  size         0 B in 1 segment", "",
        "OUT                      POSITION         LAG       OLDEST  A SECOND  DRAINED IN",
        "  route siren                   0           0            -         -           -",
      ])
  }

  @Test(arguments: ["", "no JSON", "[]", "{}"])
  func `what is no report is not shown as one`(text: String) {
    #expect(StatusText.render(Array(text.utf8)) == nil)
  }

  @Test func `a report of another version is shown as far as it is known`() throws {
    #expect(try lines(#"{"log":{},"mqtt":7,"routes":[1],"udp":{}}"#).contains("LOG"))
  }
}
