import Glibc
import Platform

/// Makes reads come from the disk again.
enum PageCache {
  /// Asks the kernel to forget the contents of every file in `directory`, which must be synced.
  static func drop(_ directory: String) throws {
    for name in try LocalDisk().list(directory) {
      let descriptor = open(directory + "/" + name, O_RDONLY | O_CLOEXEC)
      guard descriptor >= 0 else { throw SystemError("open", directory + "/" + name) }
      posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED)
      close(descriptor)
    }
  }
}
