import Glibc

/// Something that goes wrong with a `FaultyDisk` now and then: which operations, on which files, how often, and how.
package struct DiskFault: Sendable {
  package enum Effect: Hashable, Sendable {
    /// The operation fails. A write may have written some of its bytes by then, and what a failed sync was to make
    /// durable is never tried again. ENOSPC hits only operations that need room.
    case error(Int32)
    /// One bit of what is read comes out wrong, never twice in a row; the bytes on the disk are right.
    case flippedBit
  }

  package var effect: Effect
  package var operations: Set<DiskOperation>
  /// A part of the paths that are hit; empty: all.
  package var path: String
  /// Once in so many operations, by the disk's seed.
  package var oneIn: Int

  package init(
    _ effect: Effect, on operations: Set<DiskOperation> = Set(DiskOperation.allCases), path: String = "",
    oneIn: Int = 1
  ) {
    self.effect = effect
    self.operations = operations
    self.path = path
    self.oneIn = oneIn
  }

  func concerns(_ operation: DiskOperation, _ path: String) -> Bool {
    switch effect {
    case .error(ENOSPC) where !operation.needsRoom: return false
    case .flippedBit where operation != .read: return false
    default: return operations.contains(operation) && (self.path.isEmpty || path.contains(self.path))
    }
  }
}
