/// When an uplink is connected (`uplinks[].schedule`): spans of the week, in local time. A pure value.
///
/// `"22:00-06:00"` is every night, `"Sat,Sun"` both whole days, `"Mon-Fri 18:00-24:00"` the evenings of working days. A span
/// that ends before it begins ends on the next day.
package struct Schedule: Hashable, Sendable {
  /// Minutes since Monday, 00:00. One may go beyond the week's end, into the next.
  private var spans: [Range<Int>] = []

  private static let dayMinutes = 24 * 60
  private static let weekMinutes = 7 * dayMinutes
  private static let dayNames = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

  /// Why a text is no span.
  package struct Problem: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String
  }

  package init(_ texts: [String]) throws(Problem) {
    for text in texts { spans += try Self.parse(text) }
  }

  /// Whether `minute` of the week lies in a span.
  package func isOpen(_ minute: Int) -> Bool {
    spans.contains { $0.contains(minute) || $0.contains(minute + Self.weekMinutes) }
  }

  /// How many minutes after `minute` of the week the next span begins; 0 within one.
  package func minutesUntilOpen(_ minute: Int) -> Int {
    guard !isOpen(minute) else { return 0 }
    let waits = spans.map { ($0.lowerBound - minute + Self.weekMinutes) % Self.weekMinutes }
    return waits.min() ?? 0
  }

  private static func parse(_ text: String) throws(Problem) -> [Range<Int>] {
    let words = text.split(separator: " ")
    guard (1...2).contains(words.count) else { throw problem(text) }
    let hasTimes = words.last!.contains(":")
    guard words.count == 1 || hasTimes else { throw problem(text) }
    let days = words.count == 2 || !hasTimes ? try parseDays(String(words[0]), text) : Array(0..<7)
    let times = hasTimes ? try parseTimes(String(words.last!), text) : 0..<dayMinutes
    return days.map { day in (day * dayMinutes + times.lowerBound)..<(day * dayMinutes + times.upperBound) }
  }

  private static func parseDays(_ word: String, _ text: String) throws(Problem) -> [Int] {
    var days: [Int] = []
    for part in word.lowercased().split(separator: ",", omittingEmptySubsequences: false) {
      let ends = part.split(separator: "-", omittingEmptySubsequences: false)
      guard (1...2).contains(ends.count), let first = dayNames.firstIndex(of: String(ends[0])),
        let last = dayNames.firstIndex(of: String(ends.last!))
      else { throw problem(text) }
      days += (first...(last < first ? last + 7 : last)).map { $0 % 7 }
    }
    return days
  }

  private static func parseTimes(_ word: String, _ text: String) throws(Problem) -> Range<Int> {
    let ends = word.split(separator: "-", omittingEmptySubsequences: false)
    guard ends.count == 2, let start = parseTime(ends[0]), let end = parseTime(ends[1]), start != end,
      start < dayMinutes
    else { throw problem(text) }
    return start..<(end < start ? end + dayMinutes : end)
  }

  /// Minutes since midnight, up to `24:00`.
  private static func parseTime(_ text: Substring) -> Int? {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, parts.allSatisfy({ $0.count == 2 && $0.allSatisfy { ("0"..."9").contains($0) } }),
      let hour = Int(parts[0]), let minute = Int(parts[1]), minute < 60, hour * 60 + minute <= dayMinutes
    else { return nil }
    return hour * 60 + minute
  }

  private static func problem(_ text: String) -> Problem {
    Problem(
      description:
        "\"\(text)\", which is no span of time; write \"22:00-06:00\", \"Mon-Fri 18:00-24:00\" or \"Sat,Sun\"")
  }
}
