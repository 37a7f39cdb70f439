import Daemon
import Testing

struct StatusTextTests {
  @Test func `a report is shown one line a part`() {
    let json = """
      {"gateway":"plant-7","version":"0.1.0","data":"/d","uptimeSeconds":3725,"health":"ok",
      "log":{"startOffset":10,"endOffset":1234577,"bytes":35651584,"segments":2,"commits":1,"recordsCommitted":3,
      "syncMicroseconds":{"median":420,"p99":1900,"max":12345},"oldestRecord":"2026-01-02T03:04:05.678Z",
      "retired":{"maxBytes":{"records":1200,"bytes":5},"maxAge":{"records":1,"bytes":5}},
      "dropped":{"maxBytes":{"records":7,"bytes":5}},"bytesWrittenTotal":8192,"bytesWrittenPerDay":4096},
      "mqtt":{"listen":["0.0.0.0:1883"],"connections":1,"messages":2,"bytes":1536,"acks":2,"subscriptions":0,"heldPublishers":1,
      "rejected":{"malformed":3}},
      "udp":[{"listen":"0.0.0.0:5510","messages":4,"bytes":5,"tooLarge":0,"kernelDrops":6,"logFull":8}],
      "routes":[{"name":"siren","state":"up to date","lag":0,"delivered":7,"retries":0,"deadLettered":1,
      "lastError":null}],
      "subscriptions":[{"name":"site","broker":"h:1883","state":"subscribed","messages":1,"bytes":9,"lastError":null}],
      "uplinks":[{"name":"centre","target":"mqtt h:1883","state":"waiting","backlog":1200,"shippedRecords":5,
      "rawBytes":2048,"shippedBytes":512,"shipments":2,"retries":3,"deadLetters":0,"lastError":"no route to host"}]}
      """
    let lines = StatusText.render(Array(json.utf8))?.split(separator: "\n").map(String.init)
    #expect(
      lines == [
        "forebay            0.1.0 as plant-7, up 1 h 2 min",
        "health             ok",
        "data               /d",
        "log                1,234,567 records, offsets 10 to 1234576, 34.0 MiB in 2 segments",
        "disk               1 commit of 3 records; sync 0.4 ms median, 1.9 ms p99, 12.3 ms longest",
        "kept               since 2026-01-02T03:04:05.678Z, 1,200 records gone for maxBytes, 7 of them not consumed, "
          + "1 record gone for maxAge, 8.0 KiB written in all, 4.0 KiB a day",
        "mqtt 0.0.0.0:1883  1 connection, 2 messages (1.5 KiB), 2 acknowledgements, 0 subscriptions, "
          + "1 publisher waiting for the log",
        "  refused          3 malformed",
        "udp 0.0.0.0:5510   4 messages (5 B), 6 dropped by the kernel, 8 dropped while the log was full",
        "broker site        subscribed, 1 message (9 B) from h:1883",
        "route siren        up to date, lag 0 records, 7 delivered, 1 to the dead letters",
        "uplink centre      waiting, backlog 1,200 records, 5 records in 2 shipments (2.0 KiB as 512 B) to mqtt h:1883, "
          + "3 retried, last error: no route to host",
      ])
  }

  @Test(arguments: ["", "no JSON", "[]", "{}"])
  func `what is no report is not shown as one`(text: String) {
    #expect(StatusText.render(Array(text.utf8)) == nil)
  }

  @Test func `a report of another version is shown as far as it is known`() {
    #expect(StatusText.render(Array(#"{"log":{},"mqtt":7,"routes":[1]}"#.utf8)) != nil)
  }

  @Test(arguments: [(0, "0 records"), (1, "1 record"), (999, "999 records"), (1000, "1,000 records")])
  func `numbers are grouped by thousands`(count: Int, text: String) {
    let line = StatusText.stored(startOffset: 0, endOffset: Int64(count), bytes: 0, segments: 0)
    #expect(line.hasPrefix(text + ","))
  }
}
