import JSON5

/// One object of the configuration while it is read. A key that is missing or wrong gives its default; what is wrong
/// goes into the report. `finish()` at the end reports the keys that nobody asked for.
final class ConfigurationSection {
  /// How the section is called in messages: `mqtt`, `udp[0]`; empty for the whole file.
  let path: String
  let line: Int
  let report: ConfigurationReport
  /// False where something else stands in its place, which has been reported: nothing is missed in it then.
  let isObject: Bool
  private let members: [JSON5Member]
  private var known: Set<String> = []
  private var unavailable: Set<String> = []

  init(_ value: JSON5Value, path: String, report: ConfigurationReport) {
    self.path = path
    self.report = report
    line = value.position.line
    if case .object(let members) = value.content {
      self.members = members
      isObject = true
    } else {
      members = []
      isObject = false
      let name = path.isEmpty ? "the configuration" : "`\(path)`"
      report.add(line, "\(name) is \(value.kind); write an object: { … }")
    }
  }

  /// The key with the section it is in: `mqtt.listen`.
  func name(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

  /// The key's value; nil where it is missing. Marks the key as known.
  func value(_ key: String) -> JSON5Value? {
    known.insert(key)
    return members.first { $0.key == key }?.value
  }

  func has(_ key: String) -> Bool { value(key) != nil }

  /// Reports `key`: `message` is what is wrong with it and what to write.
  func reject(_ key: String, _ message: String) {
    let line = members.first { $0.key == key }?.value.position.line ?? line
    report.add(line, "`\(name(key))` \(message)")
  }

  /// Keys that a later version has: refused with a clear word, never silently accepted.
  func notAvailable(_ keys: String...) {
    for key in keys where hasUnavailable(key) { rejectAsUnavailable(key) }
  }

  /// Whether a key of a later version is there. It is not reported, and not offered as a name either.
  func hasUnavailable(_ key: String) -> Bool {
    unavailable.insert(key)
    return members.contains { $0.key == key }
  }

  func rejectAsUnavailable(_ key: String) {
    let line = members.first { $0.key == key }?.keyPosition.line ?? line
    report.add(line, "`\(name(key))` is not available in this version; remove it")
  }

  /// Reports every key that was never asked for, with the nearest that was.
  func finish() {
    for member in members where !known.contains(member.key) && !unavailable.contains(member.key) {
      let remedy =
        if let nearest = Spelling.nearest(to: member.key, among: known.sorted()) {
          "did you mean `\(nearest)`?"
        } else {
          "known are \(known.sorted().map { "`\($0)`" }.joined(separator: ", "))"
        }
      let place = path.isEmpty ? "" : " in `\(path)`"
      report.add(member.keyPosition.line, "there is no `\(member.key)`\(place); \(remedy)")
    }
  }
}
