import Glibc

extension FileSystem {
  /// Gives the file at `path` other contents, at once and for good: whoever reads it, now or after a power cut, sees the old
  /// ones or the new ones.
  ///
  /// Links are followed. Owner, group and mode stay; a new file is its maker's alone, unless root makes it and there is the
  /// group `readers`, which may read it then.
  package static func replace(_ path: String, with bytes: [UInt8], readers: String? = nil) throws(SystemError) {
    let path = resolved(path)
    let temporary = path + ".new"
    // What an earlier try that was cut short has left.
    unlink(temporary)
    let raw = try retryingInterrupts("open", temporary) {
      Glibc.open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    }
    let descriptor = FileDescriptor(owning: raw)
    do throws(SystemError) {
      try takeOver(from: path, readers, descriptor, temporary)
      try writeAll(bytes, descriptor, temporary)
      _ = try retryingInterrupts("fsync", temporary) { fsync(descriptor.raw) }
      _ = try retryingInterrupts("rename", path) { rename(temporary, path) }
    } catch {
      unlink(temporary)
      throw error
    }
    try LocalDisk().syncDirectory(directory(of: path))
  }

  /// The directory that `path`, which is in full, lies in.
  static func directory(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/"), slash > path.startIndex else { return "/" }
    return String(path[..<slash])
  }

  /// Gives the file owner, group and mode.
  private static func takeOver(
    from path: String, _ readers: String?, _ descriptor: borrowing FileDescriptor, _ temporary: String
  ) throws(SystemError) {
    let raw = descriptor.raw
    var old = stat()
    if stat(path, &old) == 0 {
      if old.st_uid != geteuid() || old.st_gid != getegid() {
        _ = try retryingInterrupts("fchown", temporary) { fchown(raw, old.st_uid, old.st_gid) }
      }
      _ = try retryingInterrupts("fchmod", temporary) { fchmod(raw, old.st_mode & 0o777) }
    } else if geteuid() == 0, let readers, let group = getgrnam(readers) {
      let id = group.pointee.gr_gid
      _ = try retryingInterrupts("fchown", temporary) { fchown(raw, 0, id) }
      _ = try retryingInterrupts("fchmod", temporary) { fchmod(raw, 0o640) }
    }
  }

  private static func writeAll(
    _ bytes: [UInt8], _ descriptor: borrowing FileDescriptor, _ path: String
  ) throws(SystemError) {
    let raw = descriptor.raw
    var sent = 0
    while sent < bytes.count {
      sent += try retryingInterrupts("write", path) {
        bytes.withUnsafeBytes { Glibc.write(raw, $0.baseAddress! + sent, $0.count - sent) }
      }
    }
  }
}
