import Glibc

/// Files of the operator's: configuration, passwords, sockets. The log's own files go through `Disk`.
package enum FileSystem {
  /// The contents of `path`, refused where it is larger than `limit`.
  package static func read(_ path: String, limit: Int = 1 << 20) throws(SystemError) -> [UInt8] {
    let raw = try retryingInterrupts("open", path) { Glibc.open(path, O_RDONLY | O_CLOEXEC) }
    let descriptor = FileDescriptor(owning: raw)
    var contents: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = try retryingInterrupts("read", path) { Glibc.read(descriptor.raw, &piece, piece.count) }
      if count == 0 { return contents }
      contents += piece[..<count]
      if contents.count > limit { throw SystemError("read", path, errno: EFBIG) }
    }
  }

  /// Whether there is something at `path`, links followed.
  package static func exists(_ path: String) -> Bool {
    access(path, F_OK) == 0
  }

  package static func isDirectory(_ path: String) -> Bool {
    var information = stat()
    return stat(path, &information) == 0 && information.st_mode & S_IFMT == S_IFDIR
  }

  /// Whether `path` is a file this process may read.
  package static func isReadable(_ path: String) -> Bool {
    access(path, R_OK) == 0 && !isDirectory(path)
  }
}
