import Glibc
import Platform

/// An open file of a `FaultyDisk`. Of no use any more once the process that opened it has ended or the power has failed.
final class FaultyFile: DiskFile {
  private let disk: FaultyDisk
  private let inode: FaultyInode
  private let path: String
  private let era: Int

  init(_ disk: FaultyDisk, _ inode: FaultyInode, _ path: String, era: Int) {
    self.disk = disk
    self.inode = inode
    self.path = path
    self.era = era
  }

  deinit { disk.closed(inode, era: era) }

  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(SystemError) -> Int {
    try disk.perform(.read, path, era: era) { state throws(SystemError) in
      try state.checkReadable(offset..<(offset + buffer.count), of: path)
      let count = inode.current.read(into: buffer, at: offset)
      if count > 0, state.flipsBit {
        let bit = state.random.below(count * 8)
        buffer[bit / 8] ^= 1 << UInt8(bit % 8)
      }
      return count
    }
  }

  func write(_ bytes: RawSpan, at offset: Int) throws(SystemError) {
    try bytes.withUnsafeBytes { bytes throws(SystemError) in
      try disk.perform(.write, path, era: era) { state throws(SystemError) in
        let room = state.room(for: offset + bytes.count, of: inode) - offset
        let isWhole = room >= bytes.count
        inode.write(UnsafeRawBufferPointer(rebasing: bytes[..<(isWhole ? bytes.count : max(room, 0))]), at: offset)
        if !isWhole { throw SystemError("pwrite", path, errno: ENOSPC) }
      } failure: { random in
        // What was written before it failed is there, unsynced.
        let count = random.below(bytes.count + 1)
        if count > 0 { inode.write(UnsafeRawBufferPointer(rebasing: bytes[..<count]), at: offset) }
      }
    }
  }

  func sync() throws(SystemError) {
    try disk.perform(.sync, path, era: era) { _ throws(SystemError) in
      inode.sync()
    } failure: { random in
      inode.failSync(&random)
    }
  }

  func reload() throws(SystemError) {
    try disk.perform(.sync, path, era: era) { _ throws(SystemError) in
      inode.reload()
    } failure: { random in
      inode.failSync(&random)
    }
  }

  func allocate(_ count: Int) throws(SystemError) {
    try disk.perform(.allocate, path, era: era) { state throws(SystemError) in
      let room = state.room(for: count, of: inode)
      // What could be reserved stays reserved, until the file is cut or removed.
      inode.reserve(min(room, count))
      guard room >= count else { throw SystemError("fallocate", path, errno: ENOSPC) }
      if inode.current.count < count { inode.setLength(count) }
    }
  }

  func truncate(to count: Int) throws(SystemError) {
    try disk.perform(.truncate, path, era: era) { _ throws(SystemError) in inode.setLength(count) }
  }

  func size() throws(SystemError) -> Int {
    try disk.perform(.size, path, era: era) { _ throws(SystemError) in inode.current.count }
  }
}
