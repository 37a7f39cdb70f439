import CLinux
import Glibc

/// The machine's own file systems.
package struct LocalDisk: Disk {
  package init() {}

  package func open(_ path: String, _ mode: DiskOpenMode) throws(SystemError) -> any DiskFile {
    let flags =
      switch mode {
      case .read: O_RDONLY
      case .readWrite: O_RDWR
      case .create: O_RDWR | O_CREAT | O_EXCL
      case .readWriteOrCreate: O_RDWR | O_CREAT
      }
    let raw = try retryingInterrupts("open", path) { Glibc.open(path, flags | O_CLOEXEC, 0o640) }
    return LocalFile(FileDescriptor(owning: raw), path: path)
  }

  package func rename(_ source: String, to target: String) throws(SystemError) {
    _ = try retryingInterrupts("rename", "\(source) to \(target)") { Glibc.rename(source, target) }
  }

  package func remove(_ path: String) throws(SystemError) {
    _ = try retryingInterrupts("unlink", path) { Glibc.unlink(path) }
  }

  package func createDirectory(_ path: String) throws(SystemError) {
    if Glibc.mkdir(path, 0o750) == 0 { return }
    let code = errno
    if code == EEXIST, isDirectory(path) { return }
    let parent = String(path.prefix(upTo: path.lastIndex(of: "/") ?? path.startIndex))
    guard code == ENOENT, !parent.isEmpty else { throw SystemError("mkdir", path, errno: code) }
    try createDirectory(parent)
    guard Glibc.mkdir(path, 0o750) == 0 || errno == EEXIST else { throw SystemError("mkdir", path) }
    try syncDirectory(parent)
  }

  package func syncDirectory(_ path: String) throws(SystemError) {
    let raw = try retryingInterrupts("open", path) { Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    let directory = FileDescriptor(owning: raw)
    _ = try retryingInterrupts("fsync", path) { Glibc.fsync(directory.raw) }
  }

  package func list(_ path: String) throws(SystemError) -> [String] {
    guard let stream = opendir(path) else {
      if errno == ENOENT { return [] }
      throw SystemError("opendir", path)
    }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  package func lock(_ path: String) throws(SystemError) -> DiskLock {
    try DirectoryLock.acquire(path)
  }

  package func space(_ path: String) throws(SystemError) -> (free: Int, total: Int) {
    var information = statvfs()
    _ = try retryingInterrupts("statvfs", path) { statvfs(path, &information) }
    let blockBytes = Int(information.f_frsize)
    return (Int(information.f_bavail) * blockBytes, Int(information.f_blocks) * blockBytes)
  }

  private func isDirectory(_ path: String) -> Bool {
    var information = stat()
    return stat(path, &information) == 0 && information.st_mode & S_IFMT == S_IFDIR
  }
}

private final class LocalFile: DiskFile {
  private let descriptor: FileDescriptor
  private let path: String

  init(_ descriptor: consuming FileDescriptor, path: String) {
    self.descriptor = descriptor
    self.path = path
  }

  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(SystemError) -> Int {
    var total = 0
    while total < buffer.count {
      let count = try retryingInterrupts("pread", path) {
        pread(descriptor.raw, buffer.baseAddress! + total, buffer.count - total, off_t(offset + total))
      }
      if count == 0 { break }
      total += count
    }
    return total
  }

  func write(_ bytes: RawSpan, at offset: Int) throws(SystemError) {
    var total = 0
    while total < bytes.byteCount {
      let rest = bytes.extracting(total..<bytes.byteCount)
      let position = off_t(offset + total)
      total += try retryingInterrupts("pwrite", path) {
        rest.withUnsafeBytes { pwrite(descriptor.raw, $0.baseAddress, $0.count, position) }
      }
    }
  }

  func sync() throws(SystemError) {
    // Not retried, whatever the error: after a failed sync the kernel may call the pages clean that it could not write.
    if fdatasync(descriptor.raw) != 0 { throw SystemError("fdatasync", path) }
  }

  func allocate(_ count: Int) throws(SystemError) {
    do {
      _ = try retryingInterrupts("fallocate", path) { linux_fallocate(descriptor.raw, 0, Int64(count)) }
    } catch {
      // Some file systems (NFS, some overlays) cannot reserve; the log works there, only slower.
      guard error.errno == EOPNOTSUPP else { throw error }
      if try size() < count { try truncate(to: count) }
    }
  }

  func truncate(to count: Int) throws(SystemError) {
    _ = try retryingInterrupts("ftruncate", path) { ftruncate(descriptor.raw, off_t(count)) }
  }

  func size() throws(SystemError) -> Int {
    var information = stat()
    _ = try retryingInterrupts("fstat", path) { fstat(descriptor.raw, &information) }
    return Int(information.st_size)
  }
}
