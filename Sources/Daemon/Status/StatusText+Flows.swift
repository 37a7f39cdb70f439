import JSON5

// What comes in and what goes out.
extension StatusText {
  private static let sourceColumns = [35, 15, 15, 15]
  private static let consumerColumns = [20, 13, 12, 13, 10, 12]

  static func sources(_ report: JSON5Value) -> [String] {
    var lines: [String] = []
    if let mqtt = report["mqtt"], !mqtt.elements("listen").isEmpty { lines += self.mqtt(mqtt) }
    for udp in report.elements("udp") {
      lines += source("udp \(udp.text("listen"))", udp)
      lines += details([
        counter(udp, "tooLarge", "too large"), counter(udp, "kernelDrops", "dropped by the kernel"),
        counter(udp, "logFull", "dropped while the log was full"),
      ])
    }
    for broker in report.elements("subscriptions") {
      lines += source("broker \(broker.text("name"))", broker)
      lines += details([broker.text("state"), broker.text("broker"), lastError(broker)])
    }
    guard !lines.isEmpty else { return [] }
    return [StatusFormat.row(["IN", "MESSAGES", "A SECOND", "BYTES"], sourceColumns)] + lines
  }

  private static func mqtt(_ mqtt: JSON5Value) -> [String] {
    let addresses = mqtt.elements("listen").map(\.text)
    var lines = source("mqtt \(addresses[0])", mqtt)
    lines += details(addresses.dropFirst().map { "also \($0)" })
    lines += details([
      StatusFormat.counted(mqtt.number("connections"), "connection"),
      StatusFormat.counted(mqtt.number("subscriptions"), "subscription"),
      "\(StatusFormat.grouped(mqtt.number("acks"))) acknowledged",
      counter(mqtt, "heldPublishers", "publishers waiting for the log"),
      counter(mqtt, "laggingSubscribers", "subscribers lagging"),
      mqtt["notDelivered"].flatMap { counter($0, "skippedRecords", "records gone before lagging subscribers came") },
    ])
    if let unauthorized = mqtt["unauthorized"] {
      lines += details([
        counter(unauthorized, "messages", "messages not authorized"),
        counter(unauthorized, "subscriptions", "filters not authorized"),
      ])
    }
    let refused = mqtt.members("rejected").map { "\(StatusFormat.grouped($0.value.number)) \($0.key)" }
    return lines + (refused.isEmpty ? [] : details(["refused: " + refused.joined(separator: ", ")]))
  }

  private static func source(_ name: String, _ status: JSON5Value) -> [String] {
    StatusFormat.table(
      [
        "  " + name, StatusFormat.grouped(status.number("messages")), rate(status, "messagesPerSecond"),
        StatusFormat.size(status.number("bytes")),
      ], sourceColumns)
  }

  static func consumers(_ report: JSON5Value) -> [String] {
    var lines: [String] = []
    for route in report.elements("routes") {
      lines += consumer("route \(route.text("name"))", route, report)
      lines += details([
        route.textIfAny("state"), route.numberIfAny("delivered").map { "\(StatusFormat.grouped($0)) delivered" },
        counter(route, "retries", "retried"), counter(route, "deadLettered", "to the dead letters"),
        counter(route, "missed", "MISSED"), counter(route, "saveFailures", "cursor writes failed"), lastError(route),
      ])
    }
    for uplink in report.elements("uplinks") {
      lines += consumer("uplink \(uplink.text("name"))", uplink, report)
      lines += details([
        uplink.textIfAny("state"), uplink.textIfAny("target"), shipped(uplink), counter(uplink, "retries", "retried"),
        counter(uplink, "deadLetters", "to the dead letters"), counter(uplink, "saveFailures", "cursor writes failed"),
        lastError(uplink),
      ])
    }
    guard !lines.isEmpty else { return [] }
    let titles = ["OUT", "POSITION", "LAG", "OLDEST", "A SECOND", "DRAINED IN"]
    return [StatusFormat.row(titles, consumerColumns)] + lines
  }

  private static func consumer(_ name: String, _ status: JSON5Value, _ report: JSON5Value) -> [String] {
    StatusFormat.table(
      [
        "  " + name, StatusFormat.grouped(status.number("position")), StatusFormat.grouped(status.number("lag")),
        age(of: status.textIfAny("oldestRecord"), in: report) ?? "-", rate(status, "recordsPerSecond"),
        drained(status),
      ], consumerColumns)
  }

  /// When the lag is gone at the rates of the last minute.
  private static func drained(_ status: JSON5Value) -> String {
    if status.number("lag") == 0 { return "-" }
    if let seconds = status.numberIfAny("secondsToDrain") { return StatusFormat.duration(seconds) }
    // Without a rate nothing can be said; with one, the lag does not shrink.
    guard let rate = status.decimalIfAny("recordsPerSecond") else { return "-" }
    return rate > 0 ? "growing" : "standing"
  }

  private static func shipped(_ uplink: JSON5Value) -> String? {
    guard uplink.number("shipments") > 0 else { return nil }
    let records = StatusFormat.counted(uplink.number("shippedRecords"), "record")
    let shipments = StatusFormat.counted(uplink.number("shipments"), "shipment")
    let sizes = "\(StatusFormat.size(uplink.number("rawBytes"))) as \(StatusFormat.size(uplink.number("shippedBytes")))"
    return "\(records) in \(shipments) (\(sizes))"
  }

  private static func rate(_ status: JSON5Value, _ key: String) -> String {
    status.decimalIfAny(key).map(StatusFormat.tenths) ?? "-"
  }

  /// What is only worth a word where it happened.
  private static func counter(_ status: JSON5Value, _ key: String, _ words: String) -> String? {
    status.number(key) > 0 ? "\(StatusFormat.grouped(status.number(key))) \(words)" : nil
  }

  private static func lastError(_ status: JSON5Value) -> String? {
    status.textIfAny("lastError").map { "last error: \($0)" }
  }

  /// Below a row, indented, broken where it is too long.
  private static func details(_ parts: [String?]) -> [String] {
    let text = parts.compactMap { $0 }.joined(separator: ", ")
    return text.isEmpty ? [] : StatusFormat.wrapped("    " + text, indent: 6)
  }
}
