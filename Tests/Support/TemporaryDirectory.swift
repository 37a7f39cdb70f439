import Glibc

/// A directory of a test's own, removed with everything in it when the last reference goes.
package final class TemporaryDirectory: Sendable {
  package let path: String

  package init() {
    var template = Array("/tmp/forebay-test-XXXXXX".utf8CString)
    path = template.withUnsafeMutableBufferPointer { String(cString: mkdtemp($0.baseAddress!)) }
  }

  deinit {
    _ = nftw(path, { path, _, _, _ in remove(path!) }, 16, FTW_DEPTH.rawValue32 | FTW_PHYS.rawValue32)
  }
}

extension FTW {
  fileprivate var rawValue32: CInt { CInt(bitPattern: UInt32(rawValue)) }
}
