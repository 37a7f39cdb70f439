import JSON5

/// `/api/v1/status` as a person reads it, one line a part.
package enum StatusText {
  /// The report's lines; nil where `json` is no report.
  package static func render(_ json: [UInt8]) -> String? {
    guard let report = try? JSON5Parser.parse(json), report["log"] != nil else { return nil }
    var rows = [
      (
        "forebay",
        "\(report.text("version")) as \(report.text("gateway")), up \(duration(report.number("uptimeSeconds")))"
      ),
      ("health", report.text("health")),
      ("data", report.text("data")),
      ("log", log(report["log"])),
      ("disk", disk(report["log"])),
    ]
    if let text = kept(report["log"]) { rows.append(("kept", text)) }
    if let mqtt = report["mqtt"], !mqtt.elements("listen").isEmpty { rows += self.mqtt(mqtt) }
    rows += report.elements("udp").map { ("udp \($0.text("listen"))", udp($0)) }
    rows += report.elements("subscriptions").map { ("broker \($0.text("name"))", subscription($0)) }
    rows += report.elements("routes").map { ("route \($0.text("name"))", route($0)) }
    rows += report.elements("uplinks").map { ("uplink \($0.text("name"))", uplink($0)) }
    let width = rows.map(\.0.count).max() ?? 0
    return rows.map { label, text in
      label + String(repeating: " ", count: width - label.count + 2) + text
    }.joined(separator: "\n")
  }

  /// One line about a log that nobody keeps at the moment.
  package static func stored(startOffset: Int64, endOffset: Int64, bytes: Int, segments: Int) -> String {
    "\(offsets(startOffset, endOffset)), \(size(bytes)) in \(counted(segments, "segment"))"
  }

  private static func log(_ log: JSON5Value?) -> String {
    stored(
      startOffset: Int64(log.number("startOffset")), endOffset: Int64(log.number("endOffset")),
      bytes: log.number("bytes"), segments: log.number("segments"))
  }

  private static func disk(_ log: JSON5Value?) -> String {
    let sync = log?["syncMicroseconds"]
    var text = "\(counted(log.number("commits"), "commit")) of \(counted(log.number("recordsCommitted"), "record"))"
    text += "; sync \(milliseconds(sync.number("median"))) median, \(milliseconds(sync.number("p99"))) p99, "
    text += "\(milliseconds(sync.number("max"))) longest"
    let dropped = log.number("recordsDropped")
    return dropped > 0 ? text + "; \(counted(dropped, "record")) dropped before every consumer had them" : text
  }

  /// Since when records are kept, what has gone, and what is written for it.
  private static func kept(_ log: JSON5Value?) -> String? {
    guard let log else { return nil }
    var parts: [String] = []
    if log.text("oldestRecord") != "-" { parts.append("since \(log.text("oldestRecord"))") }
    for (reason, gone) in log.members("retired").map({ ($0.key, $0.value) }) {
      let missed = log["dropped"]?[reason]?.number("records") ?? 0
      let lost = missed > 0 ? ", \(grouped(missed)) of them not consumed" : ""
      parts.append("\(counted(gone.number("records"), "record")) gone for \(reason)\(lost)")
    }
    if log.number("bytesWrittenTotal") > 0 { parts.append("\(size(log.number("bytesWrittenTotal"))) written in all") }
    if log.number("bytesWrittenPerDay") > 0 { parts.append("\(size(log.number("bytesWrittenPerDay"))) a day") }
    return parts.isEmpty ? nil : parts.joined(separator: ", ")
  }

  private static func mqtt(_ mqtt: JSON5Value) -> [(String, String)] {
    let addresses = mqtt.elements("listen").map(\.text).joined(separator: " ")
    var text = "\(counted(mqtt.number("connections"), "connection")), \(counted(mqtt.number("messages"), "message"))"
    text += " (\(size(mqtt.number("bytes")))), \(counted(mqtt.number("acks"), "acknowledgement"))"
    text += ", \(counted(mqtt.number("subscriptions"), "subscription"))"
    if mqtt.number("heldPublishers") > 0 {
      text += ", \(counted(mqtt.number("heldPublishers"), "publisher")) waiting for the log"
    }
    let refused = mqtt.members("rejected").map { "\(grouped($0.value.number)) \($0.key)" }
    let rows = [("mqtt \(addresses)", text)]
    return refused.isEmpty ? rows : rows + [("  refused", refused.joined(separator: ", "))]
  }

  private static func udp(_ udp: JSON5Value) -> String {
    var text = "\(counted(udp.number("messages"), "message")) (\(size(udp.number("bytes"))))"
    if udp.number("tooLarge") > 0 { text += ", \(grouped(udp.number("tooLarge"))) too large" }
    if udp.number("kernelDrops") > 0 { text += ", \(grouped(udp.number("kernelDrops"))) dropped by the kernel" }
    if udp.number("logFull") > 0 { text += ", \(grouped(udp.number("logFull"))) dropped while the log was full" }
    return text
  }

  private static func subscription(_ status: JSON5Value) -> String {
    let received = "\(counted(status.number("messages"), "message")) (\(size(status.number("bytes"))))"
    return "\(status.text("state")), \(received) from \(status.text("broker"))" + troubles(status, [])
  }

  private static func route(_ status: JSON5Value) -> String {
    let lag = counted(status.number("lag"), "record")
    return "\(status.text("state")), lag \(lag), \(grouped(status.number("delivered"))) delivered"
      + troubles(
        status,
        [
          ("retries", "retried"), ("deadLettered", "to the dead letters"), ("missed", "missed"),
          ("saveFailures", "cursor writes failed"),
        ])
  }

  private static func uplink(_ status: JSON5Value) -> String {
    let shipped =
      "\(counted(status.number("shippedRecords"), "record")) in \(counted(status.number("shipments"), "shipment"))"
    let sizes = "\(size(status.number("rawBytes"))) as \(size(status.number("shippedBytes")))"
    let backlog = counted(status.number("backlog"), "record")
    return "\(status.text("state")), backlog \(backlog), \(shipped) (\(sizes)) to \(status.text("target"))"
      + troubles(
        status,
        [("retries", "retried"), ("deadLetters", "to the dead letters"), ("saveFailures", "cursor writes failed")])
  }

  /// What is only worth a word where it happened.
  private static func troubles(_ status: JSON5Value, _ counters: [(key: String, words: String)]) -> String {
    var parts = counters.filter { status.number($0.key) > 0 }.map { "\(grouped(status.number($0.key))) \($0.words)" }
    if let error = status["lastError"], case .string(let text) = error.content { parts.append("last error: \(text)") }
    return parts.map { ", " + $0 }.joined()
  }

  private static func offsets(_ start: Int64, _ end: Int64) -> String {
    let count = counted(Int(end - start), "record")
    return end > start ? "\(count), offsets \(start) to \(end - 1)" : "\(count), next offset \(end)"
  }

  static func counted(_ count: Int, _ noun: String) -> String {
    "\(grouped(count)) \(noun)\(count == 1 ? "" : "s")"
  }

  /// `1234567` → `1,234,567`.
  static func grouped(_ number: Int) -> String {
    let digits = Array(String(number.magnitude))
    let groups = stride(from: digits.count % 3, through: digits.count, by: 3).reversed()
    var text = digits
    for index in groups where index > 0 && index < digits.count { text.insert(",", at: index) }
    return (number < 0 ? "-" : "") + String(text)
  }

  static func size(_ bytes: Int) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB"]
    var tenths = bytes * 10
    var unit = 0
    while tenths >= 10_240, unit < units.count - 1 {
      tenths /= 1024
      unit += 1
    }
    return unit == 0 ? "\(bytes) B" : "\(tenths / 10).\(tenths % 10) \(units[unit])"
  }

  static func duration(_ seconds: Int) -> String {
    switch seconds {
    case ..<60: "\(seconds) s"
    case ..<3600: "\(seconds / 60) min \(seconds % 60) s"
    case ..<86_400: "\(seconds / 3600) h \(seconds / 60 % 60) min"
    default: "\(seconds / 86_400) d \(seconds / 3600 % 24) h"
    }
  }

  private static func milliseconds(_ microseconds: Int) -> String {
    "\(microseconds / 1000).\(microseconds % 1000 / 100) ms"
  }
}

// Lenient reading: what is missing is 0, empty or a dash, since the daemon that answers may be of another version.
extension JSON5Value {
  fileprivate subscript(_ key: String) -> JSON5Value? { members.first { $0.key == key }?.value }

  fileprivate var members: [JSON5Member] {
    if case .object(let members) = content { members } else { [] }
  }

  fileprivate var number: Int {
    if case .number(let number) = content { number.integer ?? 0 } else { 0 }
  }

  fileprivate var text: String {
    if case .string(let text) = content { text } else { "-" }
  }

  fileprivate func number(_ key: String) -> Int { self[key]?.number ?? 0 }
  fileprivate func text(_ key: String) -> String { self[key]?.text ?? "-" }
  fileprivate func members(_ key: String) -> [JSON5Member] { self[key]?.members ?? [] }

  fileprivate func elements(_ key: String) -> [JSON5Value] {
    if case .array(let elements) = self[key]?.content { elements } else { [] }
  }
}

extension JSON5Value? {
  fileprivate func number(_ key: String) -> Int { self?.number(key) ?? 0 }
}
