import Glibc
package import Platform
import Synchronization

/// A disk in memory that keeps what was synced and nothing else for certain.
///
/// Every call is one operation, counted from 1. `setFault` and `inject` make operations fail, `capacity` makes the disk
/// full, `crash(afterOperation:)` cuts the power behind one: from then on every call throws, until `powerCycle(seed:)`
/// decides what the power cut left:
/// - of each unsynced write, each 512-byte sector by itself is kept, lost or garbled;
/// - unsynced changes of a file's length are kept or lost;
/// - of the unsynced creations, renames and removals in a directory, the first few are kept, or any: also those of files
///   whose contents are lost.
package final class FaultyDisk: Disk {
  private let state = Mutex(FaultyDiskState())

  package init() {}

  package enum Fault: Hashable, Sendable {
    /// Operation `at` fails with `errno`.
    case once(at: Int, errno: Int32)
    /// Operation `at` and all after it fail.
    case from(Int, errno: Int32)
    /// Every write from now on fails, and reading works.
    case writes(errno: Int32)
  }

  package func open(_ path: String, _ mode: DiskOpenMode) throws(SystemError) -> any DiskFile {
    let existing = state.withLock { $0.names.current[path] }
    let isNew = existing == nil && (mode == .create || mode == .readWriteOrCreate)
    return try perform(isNew ? .create : .open, path) { state throws(SystemError) in
      let inode: FaultyInode
      if let existing {
        if mode == .create { throw SystemError("open", path, errno: EEXIST) }
        inode = existing
      } else {
        guard isNew else { throw SystemError("open", path, errno: ENOENT) }
        try state.checkRoom(.create, path)
        inode = state.makeInode()
        state.names.link(path, inode)
      }
      inode.openCount += 1
      return FaultyFile(self, inode, path, era: state.era)
    }
  }

  package func rename(_ source: String, to target: String) throws(SystemError) {
    try perform(.rename, source) { state throws(SystemError) in
      guard let inode = state.names.current[source] else { throw SystemError("rename", source, errno: ENOENT) }
      // Now and then the directory has to grow for the new name.
      if state.random.oneIn(4) { try state.checkRoom(.rename, target) }
      state.names.rename(source, to: target, inode)
    }
  }

  package func remove(_ path: String) throws(SystemError) {
    try perform(.remove, path) { state throws(SystemError) in
      guard state.names.current[path] != nil else { throw SystemError("unlink", path, errno: ENOENT) }
      state.names.unlink(path)
    }
  }

  package func createDirectory(_ path: String) throws(SystemError) {
    // Durable on return, and directories are never removed: nothing to keep.
    try perform(.createDirectory, path) { _ throws(SystemError) in }
  }

  package func syncDirectory(_ path: String) throws(SystemError) {
    try perform(.syncDirectory, path) { state throws(SystemError) in state.names.sync(path) }
  }

  package func list(_ path: String) throws(SystemError) -> [String] {
    try perform(.list, path) { state throws(SystemError) in state.names.list(path) }
  }

  package func lock(_ path: String) throws(SystemError) -> DiskLock {
    let (isFree, era) = state.withLock { ($0.locked.insert(path).inserted, $0.era) }
    return isFree ? .acquired(Unlock(self, path, era)) : .heldBy(process: 1)
  }

  package func space(_ path: String) throws(SystemError) -> (free: Int, total: Int) {
    state.withLock { ($0.free, $0.capacity ?? 1 << 41) }
  }

  private final class Unlock: Sendable {
    let disk: FaultyDisk
    let path: String
    let era: Int
    init(_ disk: FaultyDisk, _ path: String, _ era: Int) {
      self.disk = disk
      self.path = path
      self.era = era
    }
    deinit { disk.state.withLock { if $0.era == era { $0.locked.remove(path) } } }
  }

  /// One operation: counted, failed or carried out, and perhaps the last before the power cut.
  /// - Parameters:
  ///   - era: of the file it is about.
  ///   - failure: what a failing operation does all the same.
  func perform<Result>(
    _ operation: DiskOperation, _ path: String, era: Int? = nil,
    _ body: (inout FaultyDiskState) throws(SystemError) -> Result,
    failure: (inout SeededGenerator) -> Void = { _ in }
  ) throws(SystemError) -> Result {
    try state.withLock { state throws(SystemError) in
      if state.hasCrashed || era ?? state.era != state.era {
        throw SystemError(operation.rawValue, path, errno: ESHUTDOWN)
      }
      let code = state.begin(operation, path)
      defer { if state.operations == state.crashAfter { state.hasCrashed = true } }
      if let code {
        failure(&state.random)
        throw SystemError(operation.rawValue, path, errno: code)
      }
      return try body(&state)
    }
  }

  func closed(_ inode: FaultyInode, era: Int) {
    state.withLock { if $0.era == era { inode.openCount -= 1 } }
  }
}

// What the test does to the disk.
extension FaultyDisk {
  package var operations: Int { state.withLock { $0.operations } }

  package func setFault(_ fault: Fault?) { state.withLock { $0.fault = fault } }

  /// Has `faults` happen, by chance and by `seed`, in place of those before.
  package func inject(_ faults: [DiskFault], seed: UInt64) {
    state.withLock { state in
      state.faults = faults
      state.random = SeededGenerator(seed: seed)
    }
  }

  /// How many operations have failed, have found no room or have read a wrong bit.
  package var faultsHit: Int { state.withLock { $0.faultsHit } }

  /// Makes the disk one of `bytes`, what is on it included; nil: no limit.
  package func setCapacity(_ bytes: Int?) { state.withLock { $0.capacity = bytes } }

  /// What is taken of that size.
  package var usedBytes: Int { state.withLock { $0.used } }

  /// Cuts the power when operation `operation` has been carried out.
  package func crash(afterOperation operation: Int?) { state.withLock { $0.crashAfter = operation } }

  package var hasCrashed: Bool { state.withLock { $0.hasCrashed } }

  /// Cuts the power now, if it is not, and brings the disk back with what is left.
  package func powerCycle(seed: UInt64) {
    state.withLock { state in
      var random = SeededGenerator(seed: seed)
      state.losePower(&random)
      state.endEra()
    }
  }

  /// Ends the process that has the disk, as kill -9 does: what it wrote is there, synced or not, until the power fails.
  package func endProcess() { state.withLock { $0.endEra() } }

  package var paths: [String] { state.withLock { $0.names.current.keys.sorted() } }

  /// The contents of `path`, nil where there is no such file.
  package func contents(_ path: String) -> [UInt8]? {
    state.withLock { $0.names.current[path]?.current.array }
  }

  /// Replaces the contents of `path`, durably: damage done by a test.
  package func overwrite(_ path: String, _ bytes: [UInt8]) {
    state.withLock { state in
      let inode = state.names.current[path] ?? state.makeInode()
      inode.overwrite(bytes)
      state.names.set(path, inode)
    }
  }

  /// Removes `path`, durably.
  package func lose(_ path: String) { state.withLock { $0.names.set(path, nil) } }

  /// Has every read that touches `range` of `path` fail from now on; nil: none.
  package func setUnreadable(_ range: Range<Int>?, of path: String) { state.withLock { $0.unreadable[path] = range } }

  /// Flips one bit of `path` on the disk, counted from the file's first byte.
  package func flip(bit: Int, of path: String) {
    state.withLock { $0.names.current[path]?.flip(bit: bit) }
  }
}
