import Query
import Records
import Testing

struct TimeBoundTests {
  private let now = Timestamp(milliseconds: 10_000_000_000)

  @Test(
    arguments: [
      ("0s", 0), ("30s", 30_000), ("15m", 900_000), ("2h", 7_200_000), ("1h30m", 5_400_000), ("7d", 604_800_000),
      ("2w", 1_209_600_000), ("1w1d1h1m1s", 694_861_000), ("90m", 5_400_000),
    ] as [(String, Int64)])
  func `a duration counts back from now`(text: String, milliseconds: Int64) {
    #expect(TimeBound.parse(text, now: now) == now.advanced(byMilliseconds: -milliseconds))
  }

  @Test func `a time is itself`() {
    #expect(TimeBound.parse("2026-11-23T07:41:05.25Z", now: now)?.milliseconds == 1_795_419_665_250)
    #expect(TimeBound.parse("1970-01-02", now: now)?.milliseconds == 86_400_000)
  }

  @Test(arguments: [
    "", "2", "h", "2H", "2 h", "-2h", "2h-", "30m1h", "1h1h", "1.5h", "2h ago", "yesterday", "9999999999999999999s",
    "99999999999999w", "٣h", "2026-13-01",
  ])
  func `anything else is refused`(text: String) {
    #expect(TimeBound.parse(text, now: now) == nil)
  }
}
