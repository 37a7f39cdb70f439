import Daemon
import Testing

struct ProgressWatchTests {
  private var watch = ProgressWatch(limitMilliseconds: 1000)

  @Test mutating func `an idle daemon is well for as long as the ingress turns`() {
    for second in 1...100 {
      #expect(watch.observe(.init(turns: [second]), now: Int64(second) * 900) == nil)
    }
  }

  @Test mutating func `an ingress that stands still is reported after the limit, and no more once it turns`() {
    #expect(watch.observe(.init(turns: [1]), now: 10) == nil)
    #expect(watch.observe(.init(turns: [1]), now: 1010) == nil)
    #expect(watch.observe(.init(turns: [1]), now: 1011) == .ingress)
    #expect(watch.observe(.init(turns: [2]), now: 1012) == nil)
  }

  @Test mutating func `of several threads one that stands still is enough, however far the others get`() {
    for step in 1...9 { #expect(watch.observe(.init(turns: [step, 1000]), now: Int64(step) * 100 - 100) == nil) }
    #expect(watch.observe(.init(turns: [10, 1000]), now: 1000) == nil)
    #expect(watch.observe(.init(turns: [11, 1000]), now: 1001) == .ingress)
    #expect(watch.observe(.init(turns: [11, 1001]), now: 1002) == nil)
  }

  @Test mutating func `messages that no commit follows are reported after the limit`() {
    #expect(watch.observe(.init(turns: [1], messages: 5), now: 100) == nil)
    #expect(watch.observe(.init(turns: [2], messages: 9), now: 1100) == nil)
    #expect(watch.observe(.init(turns: [3], messages: 9), now: 1101) == .commit)
    #expect(watch.observe(.init(turns: [4], messages: 9, commits: 1), now: 1102) == nil)
    #expect(watch.observe(.init(turns: [5], messages: 9, commits: 1), now: 9000) == nil)
  }

  @Test mutating func `a commit that waits for room on the disk is excused, and no longer once there is room`() {
    for second in 1...100 {
      let counters = ProgressWatch.Counters(turns: [second], messages: 9, waitsForRoom: true)
      #expect(watch.observe(counters, now: Int64(second) * 900) == nil)
    }
    #expect(watch.observe(.init(turns: [101], messages: 9), now: 91_000) == nil)
    #expect(watch.observe(.init(turns: [102], messages: 9), now: 92_001) == .commit)
  }

  @Test mutating func `a steady flow with commits is well`() {
    for step in 1...100 {
      let counters = ProgressWatch.Counters(turns: [step], messages: step * 7, commits: step)
      #expect(watch.observe(counters, now: Int64(step) * 999) == nil)
    }
  }
}
