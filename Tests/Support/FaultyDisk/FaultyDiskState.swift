import Glibc
import Platform

/// What a `FaultyDisk` guards with its lock.
struct FaultyDiskState {
  var names = FaultyNames()
  /// Every file that has a name or is open; others go when room is counted.
  var inodes: [FaultyInode] = []
  var locked: Set<String> = []
  /// Which process, as it were, has the disk: files of an earlier one are of no use.
  var era = 0
  var random = SeededGenerator(seed: 0)

  var operations = 0
  var crashAfter: Int?
  var hasCrashed = false
  var fault: FaultyDisk.Fault?
  var faults: [DiskFault] = []
  var faultsHit = 0
  /// The read under way comes out with a wrong bit.
  var flipsBit = false
  private var readsSinceFlip = Self.readsBetweenFlips
  /// Whoever reads again what came out wrong gets it right.
  private static let readsBetweenFlips = 8

  var capacity: Int?

  /// What no read gives, by path: sectors that have gone bad.
  var unreadable: [String: Range<Int>] = [:]

  /// Throws where `range` of `path` has a sector that has gone bad.
  mutating func checkReadable(_ range: Range<Int>, of path: String) throws(SystemError) {
    guard let bad = unreadable[path], bad.overlaps(range) else { return }
    faultsHit += 1
    throw SystemError(DiskOperation.read.rawValue, path, errno: EIO)
  }

  /// Counts the operation and finds out what goes wrong with it.
  mutating func begin(_ operation: DiskOperation, _ path: String) -> Int32? {
    operations += 1
    flipsBit = false
    if operation == .read { readsSinceFlip += 1 }
    switch fault {
    case .once(operations, let code): return hit(code)
    case .from(let first, let code) where operations >= first: return hit(code)
    case .writes(let code) where operation == .write: return hit(code)
    default: break
    }
    for fault in faults where fault.concerns(operation, path) && random.oneIn(fault.oneIn) {
      switch fault.effect {
      case .error(let code): return hit(code)
      case .flippedBit:
        guard readsSinceFlip >= Self.readsBetweenFlips else { continue }
        readsSinceFlip = 0
        flipsBit = true
        faultsHit += 1
      }
    }
    return nil
  }

  private mutating func hit(_ code: Int32) -> Int32 {
    faultsHit += 1
    return code
  }

  /// How long `inode` may be, up to `count`, on a disk as full as this one.
  mutating func room(for count: Int, of inode: FaultyInode) -> Int {
    guard capacity != nil, FaultyInode.blocks(count) > inode.reserved else { return count }
    let room = inode.reserved + free
    if room < count { faultsHit += 1 }
    return min(count, room)
  }

  /// Throws where there is no block for another file or name.
  mutating func checkRoom(_ operation: DiskOperation, _ path: String) throws(SystemError) {
    guard capacity != nil, free < FaultyInode.blockBytes else { return }
    faultsHit += 1
    throw SystemError(operation.rawValue, path, errno: ENOSPC)
  }

  /// Bytes nobody has.
  var free: Int { capacity.map { max(0, $0 - used) } ?? 1 << 40 }

  /// What the files take that have a name or are open: blocks of contents, and one for each file beside them.
  var used: Int {
    let linked = Set(names.current.values.map(ObjectIdentifier.init))
    return inodes.reduce(0) { sum, inode in
      let isThere = inode.openCount > 0 || linked.contains(ObjectIdentifier(inode))
      return sum + (isThere ? inode.reserved + FaultyInode.blockBytes : 0)
    }
  }

  mutating func makeInode() -> FaultyInode {
    let inode = FaultyInode()
    inodes.append(inode)
    return inode
  }

  /// The process that had the disk is gone, with its files and locks.
  mutating func endEra() {
    era += 1
    locked = []
    hasCrashed = false
    crashAfter = nil
    fault = nil
    faults = []
    for inode in inodes { inode.openCount = 0 }
  }

  mutating func losePower(_ random: inout SeededGenerator) {
    names.losePower(&random)
    let linked = Set(names.current.values.map(ObjectIdentifier.init))
    inodes.removeAll { !linked.contains(ObjectIdentifier($0)) }
    for inode in inodes { inode.losePower(&random) }
  }
}
