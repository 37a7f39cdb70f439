package import Platform
import Records

/// One user of the users file: the password's hash, and which topics its clients may publish and subscribe to.
package struct Account: Hashable, Sendable {
  /// UTF-8, compared byte by byte.
  package let name: [UInt8]
  package let hash: PasswordHash
  /// Nil: everything.
  let publish: AllowedTopics?
  let subscribe: AllowedTopics?

  /// The filters as written in the file; nil: everything.
  package var publishFilters: [String]? { publish?.texts }
  package var subscribeFilters: [String]? { subscribe?.texts }

  /// What a client of this account that calls itself `clientID` may do. Once a connection: a publish then costs a look at
  /// each filter and no allocation.
  package func permissions(clientID: [UInt8]) -> Permissions {
    Permissions(
      publish: publish?.filters(clientID: clientID), subscribe: subscribe?.filters(clientID: clientID))
  }
}
