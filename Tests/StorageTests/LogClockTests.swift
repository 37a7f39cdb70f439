import Storage
import Support
import Testing

/// How old a segment is taken to be, through a life of clocks that jump: one row a life.
struct LogClockTests {
  enum Event: Sendable {
    /// Time passes, with a look every minute.
    case days(Double)
    /// The wall clock alone is set.
    case jump(days: Double)
    /// The log is closed, time passes, and it is opened again.
    case off(days: Double)
    /// The segment's newest record comes.
    case record
  }

  struct Life: Sendable, CustomTestStringConvertible {
    let name: String
    var startsInYear = 2024
    let events: [Event]
    /// In days.
    let age: Double
    var testDescription: String { name }
  }

  static let lives = [
    Life(name: "a steady clock", events: [.days(3), .record, .days(90)], age: 90),
    Life(
      name: "booted in 1970, set right later", startsInYear: 1970, events: [.record, .days(1), .jump(days: 20_000)],
      age: 1),
    Life(
      name: "booted in 1970, set right a day later, and a week on", startsInYear: 1970,
      events: [.record, .days(1), .jump(days: 20_000), .days(7)], age: 8),
    Life(name: "back by a day", events: [.record, .days(5), .jump(days: -1), .days(2)], age: 7),
    Life(name: "to 2036", events: [.record, .days(5), .jump(days: 4000)], age: 5),
    Life(
      name: "to 2036 for an hour", events: [.record, .days(5), .jump(days: 4000), .days(1.0 / 24)], age: 5 + 2.0 / 24),
    Life(
      name: "to 2036 for an hour, and back",
      events: [.record, .days(5), .jump(days: 4000), .days(1.0 / 24), .jump(days: -4000)],
      age: 5 + 1.0 / 24),
    Life(
      name: "a record of 2036, back again",
      events: [.jump(days: 4000), .record, .days(1), .jump(days: -4000), .days(2)], age: 3),
    Life(name: "back to 1970 for good", events: [.record, .days(5), .jump(days: -20_000), .days(90)], age: 95),
    Life(name: "off for a hundred days, just on again", events: [.record, .days(5), .off(days: 100)], age: 5),
    Life(name: "off for a hundred days, on for ten", events: [.record, .days(5), .off(days: 100), .days(10)], age: 25),
    Life(name: "off for a hundred days, on for as many", events: [.record, .off(days: 100), .days(100)], age: 200),
    Life(
      name: "off for a hundred days, on for twice as many", events: [.record, .off(days: 100), .days(200)], age: 300),
    Life(name: "off, and on with a clock of 1970", events: [.record, .days(5), .off(days: -19_000), .days(1)], age: 6),
  ]

  @Test(arguments: lives)
  func `jumps of the wall clock do not age anything by themselves`(life: Life) throws {
    let time = ManualTime(wallMilliseconds: Int64(life.startsInYear - 1970) * 31_556_952_000)
    var clock = LogClock(running: 0, monotonic: time.monotonicNanoseconds(), wall: time.wallMilliseconds())
    var record = clock.now
    func look() { clock.observe(monotonic: time.monotonicNanoseconds(), wall: time.wallMilliseconds()) }
    for event in life.events {
      switch event {
      case .days(let days):
        for _ in 0..<Int((days * 1440).rounded()) {
          time.advance(milliseconds: 60_000)
          look()
        }
      case .jump(let days):
        time.jump(milliseconds: Int64(days * 86_400_000))
        look()
      case .off(let days):
        time.jump(milliseconds: Int64(days * 86_400_000))
        clock = LogClock(
          running: clock.now.running, monotonic: time.monotonicNanoseconds(), wall: time.wallMilliseconds())
      case .record: record = clock.stamp(monotonic: time.monotonicNanoseconds(), wall: time.wallMilliseconds())
      }
    }
    #expect(abs(Double(clock.age(of: record)) / 86_400_000 - life.age) < 0.01)
  }
}
