import Glibc
import Platform

/// A directory of a test's own, removed with everything in it when the last reference goes.
package final class TemporaryDirectory: Sendable {
  package let path: String

  package init() {
    var template = Array("/tmp/forebay-test-XXXXXX".utf8CString)
    path = template.withUnsafeMutableBufferPointer { String(cString: mkdtemp($0.baseAddress!)) }
  }

  deinit {
    Self.removeTree(path)
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
