import Daemon
import Platform
import Storage

/// What the commands about the log do where they may not have it.
enum LogAccess {
  /// Runs `body`; a refusal by the file system becomes an error that says whom to be.
  static func open<Result>(_ body: () throws(StorageError) -> Result) throws -> Result {
    do throws(StorageError) {
      return try body()
    } catch {
      if case .locked(let directory, let process) = error {
        let holder = process > 0 ? "process \(process)" : "another process"
        throw CommandError(
          "\(directory) is in use by \(holder); stop it first (`systemctl stop forebay`), then run this again", .inUse)
      }
      if case .disk(let failure) = error, failure.isNotAllowed {
        throw CommandError("\(failure); run this as the daemon's user or as root (sudo)", .noInput)
      }
      throw error
    }
  }
}
