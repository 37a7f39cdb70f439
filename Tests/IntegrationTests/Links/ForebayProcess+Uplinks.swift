import JSON5
import Support

/// How an uplink stands, by `forebay status --format json`.
struct UplinkReport {
  private let members: [JSON5Member]

  fileprivate init(_ members: [JSON5Member]) { self.members = members }

  private func content(_ key: String) -> JSON5Value.Content? { members.first { $0.key == key }?.value.content }

  private func number(_ key: String) -> Int {
    if case .number(let number) = content(key) { number.integer ?? -1 } else { -1 }
  }

  private func text(_ key: String) -> String {
    if case .string(let text) = content(key) { text } else { "" }
  }

  var name: String { text("name") }
  var state: String { text("state") }
  var lag: Int { number("lag") }
  var shippedRecords: Int { number("shippedRecords") }
  var retries: Int { number("retries") }
  var lastError: String { text("lastError") }
}

extension ForebayProcess {
  /// In the order of the configuration.
  func uplinks() throws -> [UplinkReport] {
    let report = try JSON5Parser.parse(Array(try command("status", "--format", "json").utf8))
    guard case .object(let members) = report.content, let uplinks = members.first(where: { $0.key == "uplinks" }),
      case .array(let values) = uplinks.value.content
    else { throw TestFailure("no uplinks in the report") }
    return values.map { if case .object(let members) = $0.content { UplinkReport(members) } else { UplinkReport([]) } }
  }

  func uplink(_ name: String) throws -> UplinkReport {
    guard let found = try uplinks().first(where: { $0.name == name }) else { throw TestFailure("no uplink \(name)") }
    return found
  }

  /// Throws, with the words of those that are behind, after `seconds`.
  func waitUntilForwarded(seconds: Double = 60) throws {
    var behind: [UplinkReport] = []
    do {
      try waitUntil(seconds: seconds, "the uplinks") {
        behind = try uplinks().filter { $0.lag != 0 }
        return behind.isEmpty
      }
    } catch {
      throw TestFailure("\(error): \(behind.map { "\($0.name) lacks \($0.lag), \($0.state), \($0.lastError)" })")
    }
  }

  /// Has all uplinks try at once.
  func retryUplinks() throws {
    for uplink in try uplinks() { _ = try command("uplink", "retry", uplink.name) }
  }
}
