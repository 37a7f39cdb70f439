import Daemon
import Testing

struct StatusHistoryTests {
  private static let second: Int64 = 1_000_000_000

  /// A sample of a daemon that takes 10 messages a second from its first source and 1 from its second, and whose only
  /// route does with `consumed` records a second.
  private func sample(_ seconds: Double, consumed: Double = 11) -> StatusSample {
    var sample = StatusSample(at: Int64(seconds * 1e9))
    sample.sources = [
      .init(messages: Int(10 * seconds), bytes: Int(1000 * seconds)), .init(messages: Int(seconds), bytes: 0),
    ]
    sample.endOffset = Int64(11 * seconds)
    sample.routes = [Int64(consumed * seconds)]
    return sample
  }

  private func history(seconds: Int, every interval: Double = 1, consumed: Double = 11) -> StatusHistory {
    let history = StatusHistory()
    for index in 0...Int(Double(seconds) / interval) {
      let sample = sample(Double(index) * interval, consumed: consumed)
      history.record(now: sample.at) { _ in sample }
    }
    return history
  }

  @Test func `rates are those between the newest and the oldest of the window`() throws {
    let rates = try #require(history(seconds: 300).rates(upTo: sample(300), seconds: 60))
    #expect(rates.seconds == 60)
    #expect(rates.messages == 11 && rates.bytes == 1000 && rates.appended == 11)
    #expect(rates.messages(from: 0) == 10 && rates.messages(from: 1) == 1 && rates.messages(from: 2) == 0)
    #expect(rates.consumed(\.routes, 0) == 11 && rates.consumed(\.routes, 1) == 0)
    #expect(history(seconds: 300).rates(upTo: sample(300.5), seconds: 10)?.seconds == 9.5)
  }

  @Test func `before a second has passed there is no rate, and then one over as long as there is`() throws {
    #expect(StatusHistory().rates(upTo: sample(0), seconds: 60) == nil)
    #expect(history(seconds: 0).rates(upTo: sample(0.5), seconds: 60) == nil)
    #expect(history(seconds: 3).rates(upTo: sample(4), seconds: 60)?.seconds == 4)
    // The daemon slept: what is older than the window says nothing.
    #expect(history(seconds: 3).rates(upTo: sample(400), seconds: 60) == nil)
  }

  @Test func `asked more often than once a second, it keeps one sample a second`() throws {
    let rates = try #require(history(seconds: 120, every: 0.125).rates(upTo: sample(120), seconds: 60))
    #expect(rates.seconds == 60)
  }

  @Test func `a counter that went back gives no rate below zero`() throws {
    let history = StatusHistory()
    history.record(now: 100 * Self.second) { _ in sample(100) }
    var restarted = sample(1)
    restarted.at = 101 * Self.second
    #expect(history.rates(upTo: restarted, seconds: 60)?.messages == 0)
  }

  @Test(
    arguments: [(12.0, 600, 600), (11.0, 600, nil), (5.0, 600, nil), (5.0, 0, 0), (22.0, 1, 1)] as [(Double, Int, Int?)]
  )
  func `a lag is gone when it has shrunk to nothing`(consumed: Double, lag: Int, seconds: Int?) throws {
    let rates = try #require(
      history(seconds: 60, consumed: consumed).rates(upTo: sample(60, consumed: consumed), seconds: 60))
    #expect(rates.secondsToDrain(lag, consumed: rates.consumed(\.routes, 0)) == seconds)
  }
}
