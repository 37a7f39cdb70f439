import CLinux
import Glibc

/// A data directory taken by one process: a locked file that names its holder. Released when the last reference goes, or
/// with the process however it ends.
package final class DirectoryLock: Sendable {
  private let descriptor: FileDescriptor

  private init(_ descriptor: consuming FileDescriptor) {
    self.descriptor = descriptor
  }

  /// Unlocks, which closing alone does not while a child that has not begun its program yet has the descriptor too.
  deinit { linux_flock_unlock(descriptor.raw) }

  /// Takes the lock file `path`, which is made if missing.
  package static func acquire(_ path: String) throws(SystemError) -> DiskLock {
    let raw = try retryingInterrupts("open", path) { Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o640) }
    let descriptor = FileDescriptor(owning: raw)
    var patience = patienceMilliseconds
    while linux_flock_exclusive(raw) != 0 {
      guard errno == EWOULDBLOCK else { throw SystemError("flock", path) }
      let holder = holder(descriptor)
      // One that was killed may leave the lock, for a moment, to a child that has not begun its program yet.
      guard holder > 0, Glibc.kill(pid_t(holder), 0) != 0, errno == ESRCH, patience > 0 else {
        return .heldBy(process: holder)
      }
      usleep(10_000)
      patience -= 10
    }
    let text = "\(getpid())\n"
    guard ftruncate(raw, 0) == 0, pwrite(raw, text, text.utf8.count, 0) == text.utf8.count else {
      let error = SystemError("write", path)
      // On a full disk it is held all the same, only without a name.
      guard error.isOutOfSpace else { throw error }
      return .acquired(DirectoryLock(descriptor))
    }
    return .acquired(DirectoryLock(descriptor))
  }

  private static let patienceMilliseconds = 2000

  private static func holder(_ descriptor: borrowing FileDescriptor) -> Int {
    var digits = [UInt8](repeating: 0, count: 32)
    let count = pread(descriptor.raw, &digits, digits.count, 0)
    let text = String(decoding: digits.prefix(max(count, 0)).prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    return Int(text) ?? 0
  }
}
