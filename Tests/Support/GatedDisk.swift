package import Platform

/// A disk whose syncs wait while the gate is shut.
package final class GatedDisk: Disk {
  private let disk: any Disk
  private let gate = Condition(Gate())

  private struct Gate {
    var isShut = false
    var waiting = 0
    /// Syncs that may pass a gate that is shut.
    var allowed = 0
  }

  package init(_ disk: any Disk) {
    self.disk = disk
  }

  package func shut() { gate.withLock { $0.isShut = true } }

  package func open() {
    gate.withLock { $0.isShut = false }
    gate.broadcast()
  }

  /// Lets so many syncs pass.
  package func open(forNext count: Int) {
    gate.withLock { $0.allowed += count }
    gate.broadcast()
  }

  /// Sleeps until a sync waits at the gate.
  package func waitUntilSomebodyWaits() {
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

  package func open(_ path: String, _ mode: DiskOpenMode) throws(SystemError) -> any DiskFile {
    GatedFile(try disk.open(path, mode), self)
  }
  package func rename(_ source: String, to target: String) throws(SystemError) { try disk.rename(source, to: target) }
  package func remove(_ path: String) throws(SystemError) { try disk.remove(path) }
  package func createDirectory(_ path: String) throws(SystemError) { try disk.createDirectory(path) }
  package func syncDirectory(_ path: String) throws(SystemError) { try disk.syncDirectory(path) }
  package func list(_ path: String) throws(SystemError) -> [String] { try disk.list(path) }
  package func lock(_ path: String) throws(SystemError) -> DiskLock { try disk.lock(path) }
  package func space(_ path: String) throws(SystemError) -> (free: Int, total: Int) { try disk.space(path) }
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
