/// What somebody wants of an uplink: `POST /api/v1/uplinks/NAME/retry`.
package struct UplinkOrder: Hashable, Sendable {
  package enum Action: String, Hashable, Sendable, CaseIterable {
    case retry
    case pause
    case resume
  }

  package let action: Action
  package let uplink: String

  private static let prefix = "/api/v1/uplinks/"

  package init(_ action: Action, uplink: String) {
    self.action = action
    self.uplink = uplink
  }

  /// Nil: another path.
  package init?(path: String) {
    guard path.hasPrefix(Self.prefix) else { return nil }
    let parts = path.dropFirst(Self.prefix.count).split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let action = Action(rawValue: String(parts[1])) else { return nil }
    self.init(action, uplink: String(parts[0]))
  }

  package var path: String { "\(Self.prefix)\(uplink)/\(action.rawValue)" }
}
