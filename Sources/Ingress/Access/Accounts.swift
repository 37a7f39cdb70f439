/// The users who may connect: a users file as it was at one time. Any thread.
package struct Accounts: Hashable, Sendable {
  private let byName: [[UInt8]: Account]
  /// In the order of the file.
  private let ordered: [Account]

  package init(_ text: UsersText) {
    ordered = text.accounts
    byName = Dictionary(ordered.map { ($0.name, $0) }) { first, _ in first }
  }

  package var count: Int { ordered.count }

  package func account(named name: [UInt8]) -> Account? { byName[name] }

  /// Some account for a name that has none, the same for the same name: checking a password against it takes as long as it
  /// would for a user who is there. Nil: there are no accounts.
  func decoy(for name: [UInt8]) -> Account? {
    guard !ordered.isEmpty else { return nil }
    // Seeded anew with every start: nobody outside can tell whose turn it is.
    return ordered[Int(UInt(bitPattern: name.hashValue) % UInt(ordered.count))]
  }
}
