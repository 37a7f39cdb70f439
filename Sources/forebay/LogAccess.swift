import Daemon
import Platform
import Storage

/// What the commands about the log do where they may not read it.
enum LogAccess {
  /// Runs `body`; a refusal by the file system becomes an error that says whom to be.
  static func open<Result>(_ body: () throws(StorageError) -> Result) throws -> Result {
    do throws(StorageError) {
      return try body()
    } catch {
      if case .disk(let failure) = error, failure.isNotAllowed {
        throw CommandError("\(failure); run this as the daemon's user or as root (sudo)", .noInput)
      }
      throw error
    }
  }
}
