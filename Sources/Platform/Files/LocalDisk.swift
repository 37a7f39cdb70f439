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
    if isDirectory(path) { return }
    let parent = parent(of: path)
    if !isDirectory(parent) { try createDirectory(parent) }
    guard Glibc.mkdir(path, 0o750) == 0 || errno == EEXIST && isDirectory(path) else {
      throw SystemError("mkdir", path)
    }
    // A directory that is not there after a power cut takes what was synced in it along.
    try syncDirectory(parent)
  }

  /// The directory that `path` is in: the working directory for a plain name.
  private func parent(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
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
    try transferAll(buffer.count, "pread", path) { done in
      pread(descriptor.raw, buffer.baseAddress! + done, buffer.count - done, off_t(offset + done))
    }
  }

  func write(_ bytes: RawSpan, at offset: Int) throws(SystemError) {
    let written = try bytes.withUnsafeBytes { bytes throws(SystemError) in
      try transferAll(bytes.count, "pwrite", path) { done in
        pwrite(descriptor.raw, bytes.baseAddress! + done, bytes.count - done, off_t(offset + done))
      }
    }
    // Nothing written and no error is no way for a file to behave; going on would turn for ever.
    guard written == bytes.byteCount else { throw SystemError("pwrite", path, errno: EIO) }
  }

  func startWriting(_ range: Range<Int>) {
    // An error is the sync's to tell: it stays with the file until then.
    _ = linux_start_writing(descriptor.raw, Int64(range.lowerBound), Int64(range.count))
  }

  func sync() throws(SystemError) {
    // Not retried, whatever the error: after a failed sync the kernel may call the pages clean that it could not write.
    if fdatasync(descriptor.raw) != 0 { throw SystemError("fdatasync", path) }
  }

  func reload() throws(SystemError) {
    try sync()
    // A file system that cannot forget has nothing else to offer.
    _ = posix_fadvise(descriptor.raw, 0, 0, POSIX_FADV_DONTNEED)
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
