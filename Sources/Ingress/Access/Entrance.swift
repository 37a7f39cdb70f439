/// Whether a client is let in without a password: from what the configuration says and what the client shows.
package enum Entrance: Hashable, Sendable {
  /// As it is, with `Permissions.everything`.
  case open
  /// After its password has been checked.
  case password
  /// Not at all.
  case refused

  /// - Parameters:
  ///   - hasUser: the CONNECT has a user name.
  ///   - hasAccounts: there is a users file, `mqtt.users`.
  ///   - anonymous: `mqtt.anonymous`.
  ///   - isLoopback: the client is on this machine.
  package static func of(hasUser: Bool, hasAccounts: Bool, anonymous: Bool, isLoopback: Bool) -> Entrance {
    // A name without a users file says nothing: everybody could write it.
    guard hasAccounts else { return anonymous || isLoopback ? .open : .refused }
    if hasUser { return .password }
    return anonymous ? .open : .refused
  }
}
