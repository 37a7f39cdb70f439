import Bytes
import Platform

/// Where bytes go that are taken out of the log: `quarantine/SEGMENT.POSITION`, for whoever wants to look at them; where
/// other bytes are kept under that name, `SEGMENT.POSITION.1` and so on. What is kept there is never replaced or removed.
struct Quarantine {
  private let directory: LogDirectory
  private let disk: any Disk

  init(_ directory: LogDirectory, _ disk: any Disk) {
    self.directory = directory
    self.disk = disk
  }

  /// Copies `range` of `file`, durably. What a power cut has copied being done again is kept once.
  /// - Parameter name: the segment's file name.
  func keep(_ range: Range<Int>, of file: any DiskFile, named name: String) throws(SystemError) {
    try disk.createDirectory(directory.quarantine)
    let name = "\(name).\(range.lowerBound)"
    let temporary = "\(directory.quarantine)/\(name)\(SegmentName.temporarySuffix)"
    let copy = try disk.open(temporary, .readWriteOrCreate)
    try copy.truncate(to: 0)
    try copy.copy(range, of: file)
    try copy.sync()
    if let free = try freeName(name, for: copy) {
      try disk.rename(temporary, to: "\(directory.quarantine)/\(free)")
    } else {
      try disk.remove(temporary)
    }
    try disk.syncDirectory(directory.quarantine)
  }

  /// `name`, with a number behind it where it is taken; nil where the same bytes have been kept before.
  private func freeName(_ name: String, for copy: any DiskFile) throws(SystemError) -> String? {
    let taken = Set(try disk.list(directory.quarantine))
    var free = name
    var number = 0
    while taken.contains(free) {
      let kept = try disk.open("\(directory.quarantine)/\(free)", .read)
      if Self.isSame(kept, copy) { return nil }
      number += 1
      free = "\(name).\(number)"
    }
    return free
  }

  /// False also where that cannot be read.
  private static func isSame(_ kept: any DiskFile, _ copy: any DiskFile) -> Bool {
    do throws(SystemError) {
      let size = try copy.size()
      guard try kept.size() == size else { return false }
      var position = 0
      while position < size {
        let (left, right) = (try piece(of: kept, at: position), try piece(of: copy, at: position))
        guard !left.isEmpty, left == right else { return false }
        position += left.count
      }
      return true
    } catch {
      return false
    }
  }

  private static func piece(of file: any DiskFile, at position: Int) throws(SystemError) -> [UInt8] {
    var buffer = ByteWriter(capacity: 64 << 10)
    _ = try buffer.append(upTo: 64 << 10) { room throws(SystemError) in try file.read(into: room, at: position) }
    return buffer.array
  }
}
