package import Platform

/// What can go wrong with the log and its cursors. The description is one sentence and the remedy.
package enum StorageError: Error, Hashable, Sendable, CustomStringConvertible {
  /// A system call failed; nothing was changed that a retry could not repeat.
  case disk(SystemError)
  /// A write or sync of the log failed. Nothing is acknowledged any more; only recovery can tell what is on disk.
  case failed(SystemError)
  /// The log was refusing when it was closed: what waited for it is not stored, and was not acknowledged.
  case ended
  /// Another process has the data directory.
  case locked(directory: String, process: Int)
  /// There is no log there.
  case noLog(directory: String)
  /// A consumer's name that cannot be a file name.
  case badConsumerName(String)

  package var description: String {
    switch self {
    case .disk(let error): "\(error)"
    case .failed(let error):
      "the log stopped, since \(error); restart to recover what is on disk, and look at the disk's health (dmesg)"
    case .ended:
      "the log had no room, and is being closed; whoever sent what waited for it has no acknowledgement and sends it again"
    case .locked(let directory, let process):
      process > 0
        ? "\(directory) is in use by process \(process); stop it, or give this one another directory with `data` or --data"
        : "\(directory) is in use by another process; stop it, or give this one another directory with `data` or --data"
    case .noLog(let directory):
      "no log in \(directory); name the data directory with --data"
    case .badConsumerName(let name):
      "`\(name)` cannot name a consumer; use letters, digits, `-`, `_` and `.`"
    }
  }
}
