package import Platform

/// What can go wrong with the log and its cursors. The description is one sentence and the remedy.
package enum StorageError: Error, Hashable, Sendable, CustomStringConvertible {
  /// A system call failed; nothing was changed that a retry could not repeat.
  case disk(SystemError)
  /// A write or sync of the log failed. Nothing is acknowledged any more; only recovery can tell what is on disk.
  case failed(SystemError)
  /// Another process has the data directory.
  case locked(directory: String, process: Int)
  /// There is no log there.
  case noLog(directory: String)
  /// A batch is damaged where recovery had found it whole, or where nobody has recovered yet.
  case damaged(file: String, position: Int, reason: String)
  /// A file that only a later Forebay can read.
  case unknownVersion(file: String)
  /// A consumer's name that cannot be a file name.
  case badConsumerName(String)
  /// A record larger than the commit buffer.
  case recordTooLarge(bytes: Int, limit: Int)

  package var description: String {
    switch self {
    case .disk(let error): "\(error)"
    case .failed(let error):
      "the log stopped, since \(error); restart to recover what is on disk, and look at the disk's health (dmesg)"
    case .locked(let directory, let process):
      process > 0
        ? "\(directory) is in use by process \(process); stop it, or give this one another directory with `data` or --data"
        : "\(directory) is in use by another process; stop it, or give this one another directory with `data` or --data"
    case .noLog(let directory):
      "no log in \(directory); name the data directory with --data"
    case .damaged(let file, let position, let reason):
      "\(file) is damaged at byte \(position) (\(reason)); `forebay log verify` lists all damage"
    case .unknownVersion(let file):
      "\(file) was written by a newer Forebay; use that version, or move the file away"
    case .badConsumerName(let name):
      "`\(name)` cannot name a consumer; use letters, digits, `-`, `_` and `.`"
    case .recordTooLarge(let bytes, let limit):
      "a record of \(bytes) bytes is larger than the commit buffer of \(limit) bytes; raise `log.commitBuffer`"
    }
  }
}
