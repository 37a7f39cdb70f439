import Daemon
import Testing

struct UplinksTextTests {
  @Test func `an uplink is shown with all there is to know`() {
    let report =
      #"""
      {"time":"2026-05-04T03:02:01.000Z","uplinks":[{"name":"centre","target":"kafka telemetry at k1:9092",
      "state":"shipping","stateSince":"2026-05-04T02:00:01.000Z","position":1000000,"lag":234577,"leftBehind":200000,"lagBytes":12582912,
      "oldestRecord":"2026-05-04T01:02:01.000Z","recordsPerSecond":1500.25,"secondsToDrain":156,"shippedRecords":1000000,
      "rawBytes":104857600,"shippedBytes":10485760,"shipments":500,"shipmentsInFlight":5,"retries":1,"deadLetters":2,
      "lastError":"kafka k1:9092: Connection refused"},
      {"name":"night","target":"mqtt h:1883","state":"scheduled","stateSince":"2026-05-04T03:00:01.000Z",
      "opensAt":"2026-05-04T04:32:00.000Z","lag":0,"shipments":0}]}
      """#
    #expect(
      UplinksText.render(Array(report.utf8)) == """
        centre: shipping for 1 h 2 min
          target       kafka telemetry at k1:9092
          backlog      234,577 records, 12.0 MiB on disk, the oldest 2 h 0 min old;
                       200,000 records of it go beside what comes
          rate         1,500.3 records a second, drained in 2 min 36 s
          sent         1,000,000 records in 500 shipments, 100.0 MiB as 10.0 MiB, 10.0:1
          on its way   5 shipments, interrupted 1 time
          refused      2 records, now dead letters
          last error   kafka k1:9092: Connection refused

        night: scheduled, for 1 h 29 min more
          target       mqtt h:1883
          backlog      none
          rate         not known yet
          on its way   0 shipments
        """)
    #expect(UplinksText.render(Array(#"{"uplinks":[]}"#.utf8)) == "no uplinks")
    #expect(UplinksText.render(Array("{}".utf8)) == nil)
  }

  @Test(
    arguments: [
      ("/api/v1/uplinks/centre/retry", UplinkOrder(.retry, uplink: "centre")),
      ("/api/v1/uplinks/a/pause", UplinkOrder(.pause, uplink: "a")), ("/api/v1/uplinks/a/resume/x", nil),
      ("/api/v1/uplinks/a/explode", nil), ("/api/v1/uplinks/retry", nil), ("/api/v1/status", nil),
    ])
  func `orders are read from their paths`(path: String, order: UplinkOrder?) {
    #expect(UplinkOrder(path: path) == order)
    if let order { #expect(order.path == path) }
  }
}
