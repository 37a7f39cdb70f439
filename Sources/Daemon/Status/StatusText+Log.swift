import JSON5
import Records

// The log and its disk.
extension StatusText {
  static func log(_ report: JSON5Value) -> [String] {
    guard let log = report["log"] else { return [] }
    var rows = [("records", records(log))]
    for (name, key) in [("oldest", "oldestRecord"), ("newest", "newestRecord")] {
      guard let time = log.textIfAny(key) else { continue }
      rows.append((name, time + (age(of: time, in: report).map { ", \($0) ago" } ?? "")))
    }
    rows.append(("size", size(log)))
    if log.number("sealedSegments") > 0 { rows.append(("sealed", sealed(log))) }
    if report.isTrue("running") ?? true { rows += running(log) }
    return ["LOG"] + StatusFormat.pairs(rows)
  }

  private static func records(_ log: JSON5Value) -> String {
    let (start, end) = (log.number("startOffset"), log.number("endOffset"))
    let count = StatusFormat.grouped(end - start)
    return end > start
      ? "\(count), offsets \(StatusFormat.grouped(start)) to \(StatusFormat.grouped(end - 1))"
      : "none, the next has offset \(StatusFormat.grouped(end))"
  }

  private static func size(_ log: JSON5Value) -> String {
    let bytes = log.number("bytes")
    let segments = StatusFormat.counted(log.number("segments"), "segment")
    guard let limit = log.numberIfAny("maxBytes"), limit > 0 else {
      return "\(StatusFormat.size(bytes)) in \(segments)"
    }
    let share = Int((Double(bytes) * 100 / Double(limit)).rounded())
    return "\(StatusFormat.size(bytes)) of \(StatusFormat.size(limit)) (\(share) %) in \(segments)"
  }

  private static func sealed(_ log: JSON5Value) -> String {
    let (before, after) = (log.number("sealedBytesBefore"), log.number("sealedBytes"))
    let text = StatusFormat.counted(log.number("sealedSegments"), "segment")
    guard before > 0, after > 0 else { return text }
    let ratio = StatusFormat.tenths(Double(before) / Double(after))
    return "\(text), \(StatusFormat.size(before)) in \(StatusFormat.size(after)) (\(ratio) to 1)"
  }

  /// What only a daemon can say.
  private static func running(_ log: JSON5Value) -> [(String, String)] {
    var rows: [(String, String)] = []
    if let waiting = log.numberIfAny("waitingRecords") {
      let records = StatusFormat.counted(waiting, "record")
      rows.append(("not on disk", waiting == 0 ? "nothing" : "\(records), not yet acknowledged"))
    }
    for (name, key) in [("commit", "commitMicroseconds"), ("sync", "syncMicroseconds")] {
      guard let latencies = log[key], latencies.number("max") > 0 else { continue }
      let times = ["p50", "p99", "max"].map { StatusFormat.milliseconds(latencies.number($0)) }
      rows.append((name, "p50 \(times[0]), p99 \(times[1]), longest \(times[2])"))
    }
    if let text = written(log) { rows.append(("written", text)) }
    rows += gone(log).map { ("gone", $0) }
    if log.number("damagedSegments") > 0 {
      let segments = StatusFormat.counted(log.number("damagedSegments"), "damaged segment")
      rows.append(("lost", "\(StatusFormat.counted(log.number("lostRecords"), "record")) in \(segments)"))
    }
    if let refusal = log.textIfAny("refusal") { rows.append(("refuses", refusal)) }
    return rows
  }

  /// How much the flash is worn.
  private static func written(_ log: JSON5Value) -> String? {
    guard log.number("bytesWrittenTotal") > 0 else { return nil }
    let total = "\(StatusFormat.size(log.number("bytesWrittenTotal"))) since the log was made"
    return log.numberIfAny("bytesWrittenPerDay").map { "\(StatusFormat.size($0)) a day, \(total)" } ?? total
  }

  /// What retention has taken, a line a limit.
  private static func gone(_ log: JSON5Value) -> [String] {
    log.members("retired").map { reason in
      let records = StatusFormat.counted(reason.value.number("records"), "record")
      let missed = log["dropped"]?[reason.key]?.number("records") ?? 0
      let words = missed > 0 ? "\(StatusFormat.grouped(missed)) of them NOT CONSUMED" : "all consumed"
      return "\(records) for log.\(reason.key), \(words)"
    }
  }
}
