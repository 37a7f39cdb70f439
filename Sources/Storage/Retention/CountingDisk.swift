import Platform
import Synchronization

/// Counts what is written through it, whoever writes: batches, side files, cursors, rewritten segments. In blocks of 4 KiB
/// that each write touches, since flash wears by the block; what the file system writes for itself is not known. Any thread.
final class CountingDisk: Disk {
  private let disk: any Disk
  private let blocks = Atomic<Int>(0)

  static let blockBytes = 4096

  init(_ disk: any Disk) {
    self.disk = disk
  }

  var bytesWritten: Int { blocks.load(ordering: .relaxed) * Self.blockBytes }

  fileprivate func count(_ bytes: Int, at offset: Int) {
    guard bytes > 0 else { return }
    blocks.add((offset + bytes - 1) / Self.blockBytes - offset / Self.blockBytes + 1, ordering: .relaxed)
  }

  func open(_ path: String, _ mode: DiskOpenMode) throws(SystemError) -> any DiskFile {
    let file = try disk.open(path, mode)
    return mode == .read ? file : CountingFile(file, self)
  }
  func rename(_ source: String, to target: String) throws(SystemError) { try disk.rename(source, to: target) }
  func remove(_ path: String) throws(SystemError) { try disk.remove(path) }
  func createDirectory(_ path: String) throws(SystemError) { try disk.createDirectory(path) }
  func syncDirectory(_ path: String) throws(SystemError) { try disk.syncDirectory(path) }
  func list(_ path: String) throws(SystemError) -> [String] { try disk.list(path) }
  func lock(_ path: String) throws(SystemError) -> DiskLock { try disk.lock(path) }
  func space(_ path: String) throws(SystemError) -> (free: Int, total: Int) { try disk.space(path) }
}

private final class CountingFile: DiskFile {
  private let file: any DiskFile
  private let disk: CountingDisk

  init(_ file: any DiskFile, _ disk: CountingDisk) {
    self.file = file
    self.disk = disk
  }

  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(SystemError) -> Int {
    try file.read(into: buffer, at: offset)
  }
  func write(_ bytes: RawSpan, at offset: Int) throws(SystemError) {
    disk.count(bytes.byteCount, at: offset)
    try file.write(bytes, at: offset)
  }
  func startWriting(_ range: Range<Int>) { file.startWriting(range) }
  func sync() throws(SystemError) { try file.sync() }
  func reload() throws(SystemError) { try file.reload() }
  func allocate(_ count: Int) throws(SystemError) { try file.allocate(count) }
  func truncate(to count: Int) throws(SystemError) { try file.truncate(to: count) }
  func size() throws(SystemError) -> Int { try file.size() }
}
