import Glibc
import Platform

/// A directory for a benchmark's data, removed with everything in it at the end.
struct ScratchDirectory: ~Copyable {
  let path: String

  /// Makes a fresh directory in `parent` (nil: the working directory).
  init(in parent: String?) throws {
    let parent = parent ?? CurrentProcess.workingDirectory
    try LocalDisk().createDirectory(parent)
    guard !["tmpfs", "ramfs"].contains(Machine.fileSystem(of: parent).type) else {
      throw BenchmarkError.usage("\(parent) is in memory (tmpfs), not on a disk; name a directory with --directory")
    }
    var template = Array("\(parent)/forebay-benchmark-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw SystemError("mkdtemp", parent) }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit {
    Self.removeTree(path)
  }

  /// A path in it, for a log of its own.
  func path(_ name: String) -> String { "\(path)/\(name)" }

  /// Makes room: what was measured is not needed any more.
  func remove(_ name: String) {
    Self.removeTree(path(name))
  }

  private static func removeTree(_ path: String) {
    var information = stat()
    if lstat(path, &information) == 0, information.st_mode & S_IFMT == S_IFDIR {
      for name in (try? LocalDisk().list(path)) ?? [] { removeTree("\(path)/\(name)") }
      rmdir(path)
    } else {
      unlink(path)
    }
  }
}
