import Platform

/// A disk whose syncs wait while the gate is shut.
final class GatedDisk: Disk {
  private let disk: any Disk
  private let gate = Condition(Gate())

  struct Gate {
    var isShut = false
    var waiting = 0
    /// Syncs that may pass a gate that is shut.
    var allowed = 0
  }

  init(_ disk: any Disk) {
    self.disk = disk
  }

  func shut() { gate.withLock { $0.isShut = true } }

  func open() {
    gate.withLock { $0.isShut = false }
    gate.broadcast()
  }

  /// Lets so many syncs pass.
  func open(forNext count: Int) {
    gate.withLock { $0.allowed += count }
    gate.broadcast()
  }

  /// Sleeps until a sync waits at the gate.
  func waitUntilSomebodyWaits() {
    gate.wait { $0.waiting > 0 ? () : nil }
  }

  fileprivate func pass() {
    gate.withLock { $0.waiting += 1 }
    gate.broadcast()
    gate.wait { gate -> Void? in
      if gate.isShut {
        guard gate.allowed > 0 else { return nil }
        gate.allowed -= 1
      }
      return ()
    }
    gate.withLock { $0.waiting -= 1 }
  }

  func open(_ path: String, _ mode: DiskOpenMode) throws(SystemError) -> any DiskFile {
    GatedFile(try disk.open(path, mode), self)
  }
  func rename(_ source: String, to target: String) throws(SystemError) { try disk.rename(source, to: target) }
  func remove(_ path: String) throws(SystemError) { try disk.remove(path) }
  func createDirectory(_ path: String) throws(SystemError) { try disk.createDirectory(path) }
  func syncDirectory(_ path: String) throws(SystemError) { try disk.syncDirectory(path) }
  func list(_ path: String) throws(SystemError) -> [String] { try disk.list(path) }
  func lock(_ path: String) throws(SystemError) -> DiskLock { try disk.lock(path) }
  func space(_ path: String) throws(SystemError) -> (free: Int, total: Int) { try disk.space(path) }
}

private final class GatedFile: DiskFile {
  private let file: any DiskFile
  private let disk: GatedDisk

  init(_ file: any DiskFile, _ disk: GatedDisk) {
    self.file = file
    self.disk = disk
  }

  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(SystemError) -> Int {
    try file.read(into: buffer, at: offset)
  }
  func write(_ bytes: RawSpan, at offset: Int) throws(SystemError) { try file.write(bytes, at: offset) }
  func sync() throws(SystemError) {
    disk.pass()
    try file.sync()
  }
  func reload() throws(SystemError) { try file.reload() }
  func allocate(_ count: Int) throws(SystemError) { try file.allocate(count) }
  func truncate(to count: Int) throws(SystemError) { try file.truncate(to: count) }
  func size() throws(SystemError) -> Int { try file.size() }
}
