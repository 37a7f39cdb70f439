import Platform

/// A users file, read whole or not at all: at the start, and on SIGHUP. Any thread.
package struct AccountsFile: Hashable, Sendable {
  package let path: String

  /// Room for some hundred thousand users.
  package static let maximumBytes = 16 << 20

  package init(_ path: String) { self.path = path }

  /// The accounts as the file has them now. When it throws, what was read before stays valid.
  package func read() throws(AccountsError) -> Accounts { Accounts(try readText()) }

  /// The text as it is now, for changing it.
  /// - Parameter orEmpty: no file is one without accounts.
  package func readText(orEmpty: Bool = false) throws(AccountsError) -> UsersText {
    let bytes: [UInt8]
    do throws(SystemError) {
      bytes = try FileSystem.read(path, limit: Self.maximumBytes)
    } catch {
      if orEmpty, error.isNotFound { return UsersText(path: path) }
      throw .unreadable(path, error)
    }
    return try UsersText(bytes, path: path)
  }

  /// Changes the file: read, changed and written while nobody else changes it. When it throws, it is as it was.
  /// - Parameter orEmpty: it is made where there is none.
  package func change(
    orEmpty: Bool = false, _ body: (inout UsersText) throws(AccountsError) -> Void
  ) throws(AccountsError) {
    let lock = try lock()
    var text = try readText(orEmpty: orEmpty)
    try body(&text)
    do throws(SystemError) {
      try FileSystem.replace(path, with: text.bytes, readers: Self.readers)
    } catch {
      throw .unwritable(path, error)
    }
    withExtendedLifetime(lock) {}
  }

  private func lock() throws(AccountsError) -> ChangeLock {
    do throws(SystemError) {
      return try ChangeLock(besides: path)
    } catch {
      throw .unwritable(path, error)
    }
  }

  /// The daemon's group, where it is installed.
  private static let readers = "forebay"
}
