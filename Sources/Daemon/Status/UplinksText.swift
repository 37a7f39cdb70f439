import JSON5
import Records

/// The uplinks of `/api/v1/status` as a person reads them, each with all there is to know of it.
package enum UplinksText {
  /// Nil where `json` is no report.
  package static func render(_ json: [UInt8]) -> String? {
    guard let report = try? JSON5Parser.parse(json), report["uplinks"] != nil else { return nil }
    let uplinks = report.elements("uplinks")
    guard !uplinks.isEmpty else { return "no uplinks" }
    return uplinks.map { section($0, report).joined(separator: "\n") }.joined(separator: "\n\n")
  }

  private static func title(_ uplink: JSON5Value, _ report: JSON5Value) -> String {
    let state = "\(uplink.text("name")): \(uplink.text("state"))"
    if let wait = StatusText.wait(until: uplink.textIfAny("opensAt"), in: report) {
      return "\(state), for \(wait) more"
    }
    return StatusText.age(of: uplink.textIfAny("stateSince"), in: report).map { "\(state) for \($0)" } ?? state
  }

  private static func section(_ uplink: JSON5Value, _ report: JSON5Value) -> [String] {
    var rows = [("target", uplink.text("target")), ("backlog", backlog(uplink, report)), ("rate", rate(uplink))]
    if uplink.number("shipments") > 0 { rows.append(("sent", sent(uplink))) }
    rows.append(("on its way", onItsWay(uplink)))
    let deadLetters = uplink.number("deadLetters")
    if deadLetters > 0 { rows.append(("refused", "\(StatusFormat.counted(deadLetters, "record")), now dead letters")) }
    if let error = uplink.textIfAny("lastError") { rows.append(("last error", error)) }
    return StatusFormat.wrapped(title(uplink, report), indent: 2) + StatusFormat.pairs(rows)
  }

  private static func backlog(_ uplink: JSON5Value, _ report: JSON5Value) -> String {
    let lag = uplink.number("lag")
    guard lag > 0 else { return "none" }
    var text = StatusFormat.counted(lag, "record")
    if let bytes = uplink.numberIfAny("lagBytes") { text += ", \(StatusFormat.size(bytes)) on disk" }
    if let age = StatusText.age(of: uplink.textIfAny("oldestRecord"), in: report) { text += ", the oldest \(age) old" }
    let leftBehind = uplink.number("leftBehind")
    if leftBehind > 0 { text += "; \(StatusFormat.counted(leftBehind, "record")) of it go beside what comes" }
    return text
  }

  private static func rate(_ uplink: JSON5Value) -> String {
    guard let rate = uplink.decimalIfAny("recordsPerSecond") else { return "not known yet" }
    var text = "\(StatusFormat.tenths(rate)) records a second"
    if uplink.number("lag") > 0, let seconds = uplink.numberIfAny("secondsToDrain") {
      text += ", drained in \(StatusFormat.duration(seconds))"
    }
    return text
  }

  private static func sent(_ uplink: JSON5Value) -> String {
    let (raw, shipped) = (uplink.number("rawBytes"), uplink.number("shippedBytes"))
    let records = StatusFormat.counted(uplink.number("shippedRecords"), "record")
    let sizes = "\(StatusFormat.size(raw)) as \(StatusFormat.size(shipped))"
    let ratio = shipped > 0 ? ", \(StatusFormat.tenths(Double(raw) / Double(shipped))):1" : ""
    return "\(records) in \(StatusFormat.counted(uplink.number("shipments"), "shipment")), \(sizes)\(ratio)"
  }

  private static func onItsWay(_ uplink: JSON5Value) -> String {
    let retries = uplink.number("retries")
    return StatusFormat.counted(uplink.number("shipmentsInFlight"), "shipment")
      + (retries > 0 ? ", interrupted \(StatusFormat.counted(retries, "time"))" : "")
  }
}
