/// The kinds of calls that reach a `FaultyDisk`, named as the system calls behind them are.
package enum DiskOperation: String, CaseIterable, Sendable {
  case open = "open"
  /// An `open` that makes the file.
  case create = "creat"
  case rename = "rename"
  case remove = "unlink"
  case createDirectory = "mkdir"
  case syncDirectory = "fsync"
  case list = "opendir"
  case read = "pread"
  case write = "pwrite"
  case sync = "fdatasync"
  case allocate = "fallocate"
  case truncate = "ftruncate"
  case size = "fstat"

  /// Whether a full disk may refuse it: some file systems find room for what was written only when it is synced.
  package var needsRoom: Bool {
    switch self {
    case .create, .rename, .createDirectory, .syncDirectory, .write, .sync, .allocate: true
    case .open, .remove, .list, .read, .truncate, .size: false
    }
  }
}
