import CLinux
import Glibc

/// Keeps other processes that ask for it, too, from changing files of one directory at the same time. Ends with the last
/// reference, or with the process.
package final class ChangeLock {
  private let descriptor: FileDescriptor

  /// Waits for whoever changes a file beside `path`, ten seconds at most.
  package init(besides path: String) throws(SystemError) {
    let directory = FileSystem.directory(of: FileSystem.resolved(path))
    let raw = try retryingInterrupts("open", directory) { Glibc.open(directory, O_RDONLY | O_CLOEXEC) }
    descriptor = FileDescriptor(owning: raw)
    for _ in 0..<500 {
      if linux_flock_exclusive(raw) == 0 { return }
      guard errno == EWOULDBLOCK || errno == EINTR else { throw SystemError("flock", directory) }
      usleep(20_000)
    }
    throw SystemError("flock", directory, errno: EWOULDBLOCK)
  }

  deinit { linux_flock_unlock(descriptor.raw) }
}
