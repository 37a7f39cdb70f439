import CLinux
import Glibc

/// A data directory taken by one process: a locked file that names its holder. Released when the value goes, or with the
/// process however it ends.
package struct DirectoryLock: ~Copyable, Sendable {
  private let descriptor: FileDescriptor

  /// Takes `path`, which is made if missing; nil result: `holder` names the process that has it (0: unknown).
  package static func acquire(_ path: String) throws(SystemError) -> Acquisition {
    let raw = try retryingInterrupts("open", path) { Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o640) }
    let descriptor = FileDescriptor(owning: raw)
    guard linux_flock_exclusive(raw) == 0 else {
      guard errno == EWOULDBLOCK else { throw SystemError("flock", path) }
      return .heldBy(process: Self.holder(descriptor))
    }
    let text = "\(getpid())\n"
    guard ftruncate(raw, 0) == 0, pwrite(raw, text, text.utf8.count, 0) == text.utf8.count else {
      throw SystemError("write", path)
    }
    return .acquired(DirectoryLock(descriptor: descriptor))
  }

  package enum Acquisition: ~Copyable {
    case acquired(DirectoryLock)
    case heldBy(process: Int)
  }

  private static func holder(_ descriptor: borrowing FileDescriptor) -> Int {
    var digits = [UInt8](repeating: 0, count: 32)
    let count = pread(descriptor.raw, &digits, digits.count, 0)
    let text = String(decoding: digits.prefix(max(count, 0)).prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    return Int(text) ?? 0
  }
}
