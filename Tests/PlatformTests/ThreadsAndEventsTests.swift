import Platform
import Support
import Synchronization
import Testing

struct ThreadsAndEventsTests {
  @Test func `a signal before the wait is not lost, and many are one`() throws {
    let wakeUp = try WakeUp()
    wakeUp.signal()
    wakeUp.signal()
    #expect(wakeUp.wait(milliseconds: 0))
    #expect(!wakeUp.wait(milliseconds: 0))
    wakeUp.signal()
    #expect(wakeUp.wait(milliseconds: -1))
  }

  @Test func `a poller tells what is ready by its token`() throws {
    let first = try WakeUp()
    let second = try WakeUp()
    let poller = try Poller(capacity: 8)
    try poller.add(first.descriptor, .readable, token: 1)
    try poller.add(second.descriptor, .readable, token: 2)
    #expect(try poller.wait(milliseconds: 0) == 0)
    second.signal()
    #expect(try poller.wait(milliseconds: 1000) == 1)
    #expect(poller.event(at: 0).token == 2)
    #expect(poller.event(at: 0).isReadable)
    try poller.remove(second.descriptor)
    #expect(try poller.wait(milliseconds: 0) == 0)
  }

  @Test func `a condition hands work from one thread to another`() {
    let condition = Condition([Int]())
    let sum = Mutex(0)
    let thread = NamedThread.start("consumer") {
      while true {
        let next = condition.wait { $0.isEmpty ? nil : $0.removeFirst() }
        if next < 0 { return }
        sum.withLock { $0 += next }
      }
    }
    for value in 1...1000 {
      condition.withLock { $0.append(value) }
      condition.signal()
    }
    condition.withLock { $0.append(-1) }
    condition.signal()
    thread.join()
    #expect(sum.withLock { $0 } == 500_500)
  }

  @Test func `a rate limit lets a burst through, then one an interval, and counts the rest`() {
    var limit = RateLimit(burst: 3, everyMilliseconds: 1000)
    var passed = 0
    for _ in 0..<10 where limit.permits(at: 5_000_000_000) { passed += 1 }
    #expect(passed == 3)
    let suppressed = limit.takeSuppressed()
    let later = [6_000_000_000, 6_000_000_001, 9_000_000_000, 9_000_000_000].map { limit.permits(at: $0) }
    #expect(suppressed == 7)
    #expect(later == [true, false, true, true])
  }
}
