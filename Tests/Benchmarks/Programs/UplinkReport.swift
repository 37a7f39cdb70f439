import JSON5

/// What the daemon's report says of an uplink: `uplinks[]`.
struct UplinkReport {
  let state: String
  /// The first offset that the far side has not confirmed.
  let position: Int
  /// Records behind it.
  let lag: Int
  let shippedRecords: Int
  let shipments: Int
  let deadLetters: Int
  let retries: Int
  let lastError: String?

  /// Those of a report, by their names.
  static func all(in report: JSON5Value) -> [String: UplinkReport] {
    Dictionary(report.elements("uplinks").map { ($0.text("name") ?? "", UplinkReport($0)) }) { first, _ in first }
  }

  private init(_ members: JSON5Value) {
    state = members.text("state") ?? ""
    position = members.number("position")
    lag = members.number("lag")
    shippedRecords = members.number("shippedRecords")
    shipments = members.number("shipments")
    deadLetters = members.number("deadLetters")
    retries = members.number("retries")
    lastError = members.text("lastError")
  }
}

extension JSON5Value {
  private func member(_ key: String) -> Content? {
    guard case .object(let members) = content else { return nil }
    return members.first { $0.key == key }?.value.content
  }

  fileprivate func elements(_ key: String) -> [JSON5Value] {
    if case .array(let elements) = member(key) { elements } else { [] }
  }

  fileprivate func number(_ key: String) -> Int {
    if case .number(let number) = member(key) { number.integer ?? 0 } else { 0 }
  }

  fileprivate func text(_ key: String) -> String? {
    if case .string(let text) = member(key) { text } else { nil }
  }
}
