import Platform
package import Storage

/// Why the daemon cannot start, where the stage itself cannot know the remedy.
package enum StartError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The data directory cannot be made, read or written.
  case dataDirectory(String, StorageError)

  package var description: String {
    switch self {
    case .dataDirectory(let path, let error):
      "the data directory \(path) cannot be used: \(error); give the daemon's user the right to write there, or name "
        + "another directory with `data` or --data"
    }
  }
}
