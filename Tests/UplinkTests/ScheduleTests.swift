import Platform
import Records
import Storage
import Support
import Testing
import Uplink

struct ScheduleTests {
  private static let hour = 60
  private static let day = 24 * hour

  @Test(
    arguments: [
      (["22:00-06:00"], 22 * hour, 0), (["22:00-06:00"], 6 * hour - 1, 0), (["22:00-06:00"], 6 * hour, 16 * hour),
      // The night from Sunday to Monday goes over the week's end.
      (["Sun 22:00-06:00"], 5 * hour, 0), (["Sun 22:00-06:00"], 6 * hour, 6 * day + 16 * hour),
      (["Sat,Sun"], 5 * day, 0), (["Sat,Sun"], 7 * day - 1, 0), (["Sat,Sun"], 0, 5 * day),
      (["Mon-Fri 18:00-24:00"], 17 * hour + 30, 30), (["Mon-Fri 18:00-24:00"], day - 1, 0),
      (["Mon-Fri 18:00-24:00"], 4 * day + 23 * hour, 0), (["mon-fri 18:00-24:00"], 5 * day, 2 * day + 18 * hour),
      (["Fri-Mon 08:00-09:00"], 8 * hour, 0), (["Fri-Mon 08:00-09:00"], day, 3 * day + 8 * hour),
      (["00:00-01:00", "12:00-13:00"], 11 * hour, hour), (["00:00-24:00"], 3 * day, 0),
    ])
  func `a schedule says when it is open next`(spans: [String], minute: Int, wait: Int) throws {
    let schedule = try Schedule(spans)
    #expect(schedule.minutesUntilOpen(minute) == wait)
    #expect(schedule.isOpen(minute) == (wait == 0))
  }

  @Test(
    arguments: [
      "", "22:00", "22:00-", "22:00-22:00", "24:00-06:00", "25:00-26:00", "9:00-10:00", "22:60-23:00", "Mo", "Mon-",
      "Mon Tue", "22:00-06:00 Mon", "Mon 22:00-06:00 Tue", "22.00-06.00", "٢٢:٠٠-٢٣:٠٠",
    ])
  func `what is no span is refused`(text: String) {
    #expect(throws: Schedule.Problem.self) { try Schedule([text]) }
  }

  @Test func `outside its schedule an uplink is not connected`() throws {
    let log = try TestLog()
    try log.append(0..<10) { _ in "plant/1" }
    let farSide = FarSide(seed: 1)
    farSide.trouble = 0
    // From two hours after now, for an hour.
    let now = LocalTime(milliseconds: log.time.wallMilliseconds()).minuteOfWeek
    func text(_ minute: Int) -> String {
      let inDay = minute % Self.day
      let (hour, minute) = ("0\(inDay / 60)".suffix(2), "0\(inDay % 60)".suffix(2))
      return "\(hour):\(minute)"
    }
    var configuration = UplinkConfiguration(name: "u", target: .mqtt(MQTTTargetConfiguration(host: "none")))
    configuration.schedule = try Schedule(["\(text(now + 120))-\(text(now + 180))"])
    let loop = UplinkLoop(
      configuration, filters: [], target: ScriptedTarget(farSide), shared: try Uplink.Shared(UplinkStatus()),
      log: log.log, cursor: try log.log.openCursor("uplink/u"), time: log.time, backoff: Backoff(random: { 200 }))
    func isConnected(afterMinutes minutes: Int) -> Bool {
      log.time.advance(milliseconds: minutes * 60_000)
      for _ in 0..<3 {
        _ = loop.turn()
        loop.work(isReadable: true)
      }
      return loop.currentStatus.connectedSince != nil
    }
    #expect(!isConnected(afterMinutes: 0))
    let opensAt = try #require(loop.currentStatus.opensAt)
    let minutes = Double(opensAt.milliseconds - log.time.wallMilliseconds()) / 60_000
    #expect(minutes > 118 && minutes <= 120)
    #expect(!isConnected(afterMinutes: 118))
    #expect(isConnected(afterMinutes: 3))
    #expect(loop.currentStatus.opensAt == nil)
    #expect(isConnected(afterMinutes: 57))
    #expect(!isConnected(afterMinutes: 3))
  }
}
