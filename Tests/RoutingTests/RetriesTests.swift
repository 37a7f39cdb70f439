import Routing
import Testing

struct RetriesTests {
  @Test(arguments: [(1, 1000), (2, 2000), (3, 4000), (6, 32_000), (7, 60_000), (8, 60_000), (1000, 60_000)])
  func `delays double from a second to a minute`(failures: Int, milliseconds: Int) {
    let policy = RetryPolicy()
    // The random number in the middle of the range adds nothing.
    #expect(policy.delayMilliseconds(afterFailures: failures, random: UInt64(milliseconds / 5)) == milliseconds)
    #expect(policy.delayMilliseconds(afterFailures: failures, random: 0) == milliseconds * 4 / 5)
    #expect(
      policy.delayMilliseconds(afterFailures: failures, random: UInt64(milliseconds / 5 * 2)) == milliseconds * 6 / 5)
  }

  @Test func `with the defaults a handler may fail for a minute, however the jitter falls`() {
    let policy = RetryPolicy()
    let shortest = (1..<policy.attempts).map { policy.delayMilliseconds(afterFailures: $0, random: 0) }.reduce(0, +)
    #expect(shortest > 60_000)
  }

  @Test func `no jitter where none is asked for, and no delay where there is none`() {
    var policy = RetryPolicy()
    policy.jitterPercent = 0
    #expect(policy.delayMilliseconds(afterFailures: 1, random: 77) == 1000)
    policy.jitterPercent = 20
    policy.firstMilliseconds = 0
    #expect(policy.delayMilliseconds(afterFailures: 3, random: 77) == 0)
  }

  private func expect(
    _ retries: inout Retries, _ outcome: DeliveryOutcome, at offset: Int64, _ expected: Retries.Verdict
  ) {
    let verdict = retries.judge(outcome, at: offset, random: 0)
    #expect(verdict == expected)
  }

  private func refused(_ accepted: Int = 0) -> DeliveryOutcome {
    DeliveryOutcome(accepted: accepted, problem: .record("bad"))
  }

  private func policy(attempts: Int = 3) -> RetryPolicy {
    var policy = RetryPolicy()
    policy.attempts = attempts
    policy.jitterPercent = 0
    return policy
  }

  @Test func `a record is tried so often and then given up`() {
    var retries = Retries(policy())
    expect(&retries, refused(4), at: 9, .tryAgain(afterMilliseconds: 1000))
    #expect(retries.isTrying(9))
    #expect(!retries.isTrying(10))
    expect(&retries, refused(), at: 9, .tryAgain(afterMilliseconds: 2000))
    expect(&retries, refused(), at: 9, .giveUp(reason: "bad", attempts: 3))
    expect(&retries, refused(), at: 10, .tryAgain(afterMilliseconds: 1000))
  }

  @Test func `one attempt is one attempt`() {
    var retries = Retries(policy(attempts: 1))
    expect(&retries, refused(), at: 0, .giveUp(reason: "bad", attempts: 1))
  }

  @Test func `success forgets the failures`() {
    var retries = Retries(policy())
    _ = retries.judge(refused(), at: 9, random: 0)
    expect(&retries, DeliveryOutcome(accepted: 1), at: 10, .goOn)
    #expect(!retries.isTrying(9))
    #expect(retries.note == [])
  }

  @Test func `a handler that is to blame is tried without end, and the attempts of the record stand`() {
    var retries = Retries(policy())
    _ = retries.judge(refused(), at: 9, random: 0)
    let failure = DeliveryOutcome(accepted: 0, problem: .handler("not there"))
    var delays: [Int] = []
    for _ in 0..<100 {
      guard case .tryAgain(let milliseconds) = retries.judge(failure, at: 9, random: 0) else {
        Issue.record("gave up")
        return
      }
      delays.append(milliseconds)
    }
    #expect(delays.prefix(3) == [1000, 2000, 4000])
    #expect(delays.last == 60_000)
    #expect(retries.attempts == 1)
    expect(&retries, refused(), at: 9, .tryAgain(afterMilliseconds: 2000))
    expect(&retries, failure, at: 9, .tryAgain(afterMilliseconds: 1000))
  }

  @Test func `an interruption counts for nothing`() {
    var retries = Retries(policy())
    _ = retries.judge(refused(), at: 9, random: 0)
    expect(&retries, DeliveryOutcome(accepted: 0, problem: .interrupted), at: 9, .stop)
    #expect(retries.attempts == 1)
  }

  @Test func `the note of a cursor keeps the attempts`() {
    var retries = Retries(policy())
    _ = retries.judge(refused(), at: 0x1234, random: 0)
    _ = retries.judge(refused(), at: 0x1234, random: 0)
    #expect(retries.note == [1, 0, 2, 0, 0, 0, 0, 0, 0, 0x12, 0x34])
    var again = Retries(policy(), note: retries.note)
    #expect(again.isTrying(0x1234))
    expect(&again, refused(), at: 0x1234, .giveUp(reason: "bad", attempts: 3))
  }

  @Test(arguments: [[], [1], [2, 0, 2, 0, 0, 0, 0, 0, 0, 0, 1], [1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 1, 0]] as [[UInt8]])
  func `a note that is not ours counts as none`(note: [UInt8]) {
    #expect(Retries(policy(), note: note).attempts == 0)
  }
}
