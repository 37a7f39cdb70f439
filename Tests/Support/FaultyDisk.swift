import Glibc
package import Platform
import Synchronization

/// A disk in memory that keeps what was synced and nothing else for certain.
///
/// Every call is one operation, counted from 1. `failAt` makes operations fail, `crashAfter` cuts the power behind one:
/// from then on every call throws, until `powerCycle(seed:)` decides what the power cut left:
/// - of each unsynced write, each 512-byte sector by itself is kept, lost or garbled;
/// - unsynced changes of a file's length are kept or lost;
/// - of the unsynced creations, renames and removals in a directory, the first few are kept, the rest are lost.
///
/// With `setCapacity`, what would make the files larger than that together fails with ENOSPC, and so does a new file when
/// nothing is free; what is already reserved can be written.
package final class FaultyDisk: Disk {
  private let state = Mutex(State())

  package init() {}

  package enum Fault: Hashable, Sendable {
    /// Operation `at` fails with `errno`.
    case once(at: Int, errno: Int32)
    /// Operation `at` and all after it fail.
    case from(Int, errno: Int32)
    /// Every write from now on fails, and reading works.
    case writes(errno: Int32)
  }

  // MARK: What the test does to the disk

  package var operations: Int { state.withLock { $0.operations } }

  /// How much all files together may have; nil: no limit.
  package func setCapacity(_ bytes: Int?) { state.withLock { $0.capacity = bytes } }

  package func setFault(_ fault: Fault?) { state.withLock { $0.fault = fault } }

  /// Cuts the power when operation `operation` has been carried out.
  package func crash(afterOperation operation: Int?) { state.withLock { $0.crashAfter = operation } }

  package var hasCrashed: Bool { state.withLock { $0.hasCrashed } }

  /// Cuts the power now, if it is not, and brings the disk back with what is left.
  package func powerCycle(seed: UInt64) {
    state.withLock { state in
      var random = SeededGenerator(seed: seed)
      state.loseUnsynced(&random)
      state.hasCrashed = false
      state.crashAfter = nil
      state.fault = nil
      state.locked = []
    }
  }

  /// The contents of `path`, nil where there is no such file.
  package func contents(_ path: String) -> [UInt8]? {
    state.withLock { state in state.names[path].map { state.inodes[$0]!.current } }
  }

  /// Replaces the contents of `path`, durably: damage done by a test.
  package func overwrite(_ path: String, _ bytes: [UInt8]) {
    state.withLock { state in
      let inode = state.names[path] ?? state.makeInode()
      state.inodes[inode] = Inode(durable: bytes, current: bytes)
      state.names[path] = inode
      state.durableNames[path] = inode
    }
  }

  package var paths: [String] { state.withLock { $0.names.keys.sorted() } }

  // MARK: Disk

  package func open(_ path: String, _ mode: DiskOpenMode) throws(SystemError) -> any DiskFile {
    try operation("open", path) { state throws(SystemError) in
      let existing = state.names[path]
      switch mode {
      case .read, .readWrite:
        guard let existing else { throw SystemError("open", path, errno: ENOENT) }
        return FaultyFile(self, existing, path)
      case .create:
        guard existing == nil else { throw SystemError("open", path, errno: EEXIST) }
      case .readWriteOrCreate:
        if let existing { return FaultyFile(self, existing, path) }
      }
      if let capacity = state.capacity, state.usedBytes >= capacity { throw SystemError("open", path, errno: ENOSPC) }
      let inode = state.makeInode()
      state.change(.link(path, inode))
      return FaultyFile(self, inode, path)
    }
  }

  package func rename(_ source: String, to target: String) throws(SystemError) {
    try operation("rename", source) { state throws(SystemError) in
      guard state.names[source] != nil else { throw SystemError("rename", source, errno: ENOENT) }
      state.change(.rename(source, target))
    }
  }

  package func remove(_ path: String) throws(SystemError) {
    try operation("unlink", path) { state throws(SystemError) in
      guard state.names[path] != nil else { throw SystemError("unlink", path, errno: ENOENT) }
      state.change(.unlink(path))
    }
  }

  package func createDirectory(_ path: String) throws(SystemError) {
    // Directories are made once and early: taken as durable.
    try operation("mkdir", path) { _ throws(SystemError) in }
  }

  package func syncDirectory(_ path: String) throws(SystemError) {
    try operation("fsync", path) { state throws(SystemError) in state.syncDirectory(path) }
  }

  package func list(_ path: String) throws(SystemError) -> [String] {
    try operation("opendir", path) { state throws(SystemError) in
      state.names.keys.filter { parent(of: $0) == path }.map { String($0.dropFirst(path.count + 1)) }.sorted()
    }
  }

  package func lock(_ path: String) throws(SystemError) -> DiskLock {
    let isFree = state.withLock { $0.locked.insert(path).inserted }
    return isFree ? .acquired(Unlock(self, path)) : .heldBy(process: 1)
  }

  package func space(_ path: String) throws(SystemError) -> (free: Int, total: Int) {
    state.withLock { state in
      guard let capacity = state.capacity else { return (1 << 40, 1 << 41) }
      return (max(0, capacity - state.usedBytes), capacity)
    }
  }

  private final class Unlock: Sendable {
    let disk: FaultyDisk
    let path: String
    init(_ disk: FaultyDisk, _ path: String) {
      self.disk = disk
      self.path = path
    }
    deinit { _ = disk.state.withLock { $0.locked.remove(path) } }
  }

  fileprivate func operation<Result>(
    _ call: String, _ path: String, _ body: (inout State) throws(SystemError) -> Result
  ) throws(SystemError) -> Result {
    let outcome: Swift.Result<Result, SystemError> = state.withLock { state in
      do throws(SystemError) {
        if state.hasCrashed { throw SystemError(call, path, errno: ESHUTDOWN) }
        state.operations += 1
        defer { if state.operations == state.crashAfter { state.hasCrashed = true } }
        switch state.fault {
        case .once(state.operations, let code): throw SystemError(call, path, errno: code)
        case .writes(let code) where call == "pwrite": throw SystemError(call, path, errno: code)
        case .from(let first, let code) where state.operations >= first: throw SystemError(call, path, errno: code)
        default: return .success(try body(&state))
        }
      } catch {
        return .failure(error)
      }
    }
    return try outcome.get()
  }
}

private func parent(of path: String) -> String {
  String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
}

private struct Inode {
  var durable: [UInt8] = []
  var current: [UInt8] = []
  var unsynced: [Change] = []

  enum Change {
    case write(offset: Int, bytes: [UInt8])
    case length(Int)
  }

  static func apply(_ change: Change, to contents: inout [UInt8]) {
    switch change {
    case .write(let offset, let bytes):
      if contents.count < offset + bytes.count { resize(&contents, offset + bytes.count) }
      contents.replaceSubrange(offset..<(offset + bytes.count), with: bytes)
    case .length(let count):
      resize(&contents, count)
    }
  }

  private static func resize(_ contents: inout [UInt8], _ count: Int) {
    if contents.count > count {
      contents.removeLast(contents.count - count)
    } else {
      contents.append(contentsOf: repeatElement(0, count: count - contents.count))
    }
  }

  mutating func record(_ change: Change) {
    Self.apply(change, to: &current)
    unsynced.append(change)
  }

  mutating func sync() {
    durable = current
    unsynced = []
  }

  mutating func lose(_ random: inout SeededGenerator) {
    for change in unsynced {
      switch change {
      case .length:
        if random.oneIn(2) { Self.apply(change, to: &durable) }
      case .write(let offset, let bytes):
        loseSectors(of: bytes, at: offset, &random)
      }
    }
    sync(to: durable)
  }

  private mutating func loseSectors(of bytes: [UInt8], at offset: Int, _ random: inout SeededGenerator) {
    // Often everything is kept or everything lost; the interesting cases lie between.
    let style = random.below(4)
    var start = 0
    while start < bytes.count {
      let end = min(bytes.count, ((offset + start) / 512 + 1) * 512 - offset)
      let fate = style == 0 ? 0 : style == 1 ? 3 : random.below(5)
      if fate <= 2 {
        Self.apply(.write(offset: offset + start, bytes: Array(bytes[start..<end])), to: &durable)
      } else if fate == 4 {
        Self.apply(.write(offset: offset + start, bytes: random.bytes(end - start)), to: &durable)
      }
      start = end
    }
  }

  private mutating func sync(to contents: [UInt8]) {
    durable = contents
    current = contents
    unsynced = []
  }

  init(durable: [UInt8] = [], current: [UInt8] = []) {
    self.durable = durable
    self.current = current
  }
}

private struct State {
  var inodes: [Int: Inode] = [:]
  var names: [String: Int] = [:]
  var durableNames: [String: Int] = [:]
  var unsyncedNames: [NameChange] = []
  var locked: Set<String> = []
  var operations = 0
  var fault: FaultyDisk.Fault?
  var capacity: Int?
  var crashAfter: Int?
  var hasCrashed = false
  private var lastInode = 0

  enum NameChange {
    case link(String, Int)
    case rename(String, String)
    case unlink(String)

    var directory: String {
      switch self {
      case .link(let path, _), .unlink(let path): parent(of: path)
      case .rename(_, let target): parent(of: target)
      }
    }

    func apply(to names: inout [String: Int]) {
      switch self {
      case .link(let path, let inode): names[path] = inode
      case .rename(let source, let target): if let inode = names.removeValue(forKey: source) { names[target] = inode }
      case .unlink(let path): names[path] = nil
      }
    }
  }

  /// Of the files that have a name.
  var usedBytes: Int { Set(names.values).reduce(0) { $0 + inodes[$1]!.current.count } }

  /// Throws where there is no room to make the file so long.
  func checkRoom(_ call: String, _ path: String, _ inode: Int, length: Int) throws(SystemError) {
    guard let capacity else { return }
    let growth = length - inodes[inode]!.current.count
    if growth > 0, usedBytes + growth > capacity { throw SystemError(call, path, errno: ENOSPC) }
  }

  mutating func makeInode() -> Int {
    lastInode += 1
    inodes[lastInode] = Inode()
    return lastInode
  }

  mutating func change(_ change: NameChange) {
    change.apply(to: &names)
    unsyncedNames.append(change)
  }

  mutating func syncDirectory(_ path: String) {
    for change in unsyncedNames where change.directory == path { change.apply(to: &durableNames) }
    unsyncedNames.removeAll { $0.directory == path }
  }

  mutating func loseUnsynced(_ random: inout SeededGenerator) {
    var keptBy: [String: Int] = [:]
    for directory in Set(unsyncedNames.map(\.directory)).sorted() {
      keptBy[directory] = random.below(unsyncedNames.count { $0.directory == directory } + 1)
    }
    for change in unsyncedNames where keptBy[change.directory]! > 0 {
      keptBy[change.directory]! -= 1
      change.apply(to: &durableNames)
    }
    unsyncedNames = []
    names = durableNames
    let linked = Set(names.values)
    inodes = inodes.filter { linked.contains($0.key) }
    for inode in linked.sorted() { inodes[inode]!.lose(&random) }
  }
}

/// An open file of the disk; stays usable when its name is gone, as an open file does.
private final class FaultyFile: DiskFile {
  private let disk: FaultyDisk
  private let inode: Int
  private let path: String

  init(_ disk: FaultyDisk, _ inode: Int, _ path: String) {
    self.disk = disk
    self.inode = inode
    self.path = path
  }

  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(SystemError) -> Int {
    let bytes = try disk.operation("pread", path) { state throws(SystemError) -> [UInt8] in
      let contents = state.inodes[self.inode]!.current
      guard offset < contents.count else { return [] }
      return Array(contents[offset..<min(contents.count, offset + buffer.count)])
    }
    buffer.copyBytes(from: bytes)
    return bytes.count
  }

  func write(_ bytes: RawSpan, at offset: Int) throws(SystemError) {
    let copy = bytes.withUnsafeBytes { Array($0) }
    try disk.operation("pwrite", path) { state throws(SystemError) in
      try state.checkRoom("pwrite", self.path, self.inode, length: offset + copy.count)
      state.inodes[self.inode]!.record(.write(offset: offset, bytes: copy))
    }
  }

  func sync() throws(SystemError) {
    try disk.operation("fdatasync", path) { state throws(SystemError) in state.inodes[self.inode]!.sync() }
  }

  func allocate(_ count: Int) throws(SystemError) {
    try disk.operation("fallocate", path) { state throws(SystemError) in
      try state.checkRoom("fallocate", self.path, self.inode, length: count)
      let inode = state.inodes[self.inode]!
      if inode.current.count < count { state.inodes[self.inode]!.record(.length(count)) }
    }
  }

  func truncate(to count: Int) throws(SystemError) {
    try disk.operation("ftruncate", path) { state throws(SystemError) in
      try state.checkRoom("ftruncate", self.path, self.inode, length: count)
      state.inodes[self.inode]!.record(.length(count))
    }
  }

  func size() throws(SystemError) -> Int {
    try disk.operation("fstat", path) { state throws(SystemError) in state.inodes[self.inode]!.current.count }
  }
}
