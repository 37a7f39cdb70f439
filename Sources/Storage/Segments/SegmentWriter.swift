import Platform
import Records

/// Appends batches to the newest segment.
///
/// The file is preallocated: its blocks are reserved when it is made, so that an append changes contents alone and its
/// fdatasync need not commit a new file size. What follows the last batch is zeros until the segment is closed, when it
/// is cut to its length. One owner, one thread.
final class SegmentWriter {
  let base: Offset
  /// Where the next batch goes: the bytes of batches so far.
  private(set) var position: Int
  /// The bytes reserved: what is written behind them may find no room.
  private(set) var capacity: Int
  private let file: any DiskFile
  private var hasUnsynced = false

  /// Of a segment of `capacity` bytes, what batches that can wait leave free: for the gap record that must be on disk
  /// before anything is removed, when the disk is full and there is no other place for it.
  static func reserve(of capacity: Int) -> Int { min(capacity / 16, 64 << 10) }

  /// How large a segment must be for so many bytes to fit in front of the reserve.
  static func capacity(for bytes: Int, atLeast segmentBytes: Int) -> Int {
    max(segmentBytes, bytes + min(bytes / 15 + 1, 64 << 10))
  }

  /// Makes the segment that begins at `base`: written under a temporary name, synced, renamed, the directory synced.
  /// A crash before the rename leaves a file that recovery removes; after it, an empty segment.
  /// - Parameter isInDoubt: set where an error leaves the segment's name on the disk, perhaps: nothing with an offset from
  ///   `base` on may be written elsewhere then, before this has succeeded for the same base.
  static func create(
    base: Offset, bytes: Int, in directory: String, on disk: any Disk, isInDoubt: inout Bool
  ) throws(SystemError) -> SegmentWriter {
    let path = directory + "/" + SegmentName.fileName(base: base)
    let temporary = directory + "/" + SegmentName.fileName(base: base) + SegmentName.temporarySuffix
    if try disk.list(directory).contains(SegmentName.fileName(base: base) + SegmentName.temporarySuffix) {
      try disk.remove(temporary)
    }
    let file = try disk.open(temporary, .create)
    var made = temporary
    do throws(SystemError) {
      try file.allocate(bytes)
      try file.sync()
      try disk.rename(temporary, to: path)
      made = path
      try disk.syncDirectory(directory)
    } catch {
      // Blocks reserved in vain would keep a full disk full.
      isInDoubt = made == path
      do throws(SystemError) {
        try disk.remove(made)
        if isInDoubt { try disk.syncDirectory(directory) }
        isInDoubt = false
      } catch {
        // The first error says more.
      }
      throw error
    }
    isInDoubt = false
    return SegmentWriter(base: base, position: 0, capacity: bytes, file: file)
  }

  /// Goes on behind `position` of an existing segment, whose bytes from there on must be zeros or absent.
  static func resume(
    base: Offset, position: Int, bytes: Int, in directory: String, on disk: any Disk
  ) throws(SystemError) -> SegmentWriter {
    let file = try disk.open(directory + "/" + SegmentName.fileName(base: base), .readWrite)
    let capacity = max(bytes, position)
    try file.allocate(capacity)
    try file.sync()
    return SegmentWriter(base: base, position: position, capacity: capacity, file: file)
  }

  private init(base: Offset, position: Int, capacity: Int, file: any DiskFile) {
    self.base = base
    self.position = position
    self.capacity = capacity
    self.file = file
  }

  /// Whether so many bytes fit in front of the reserve.
  func hasRoom(for bytes: Int) -> Bool { position + bytes <= capacity - Self.reserve(of: capacity) }

  /// Makes room for so many bytes behind `position`, so that writing them cannot fail for lack of it.
  func makeRoom(for bytes: Int) throws(SystemError) {
    guard position + bytes > capacity else { return }
    try file.allocate(position + bytes)
    capacity = position + bytes
  }

  func append(_ batch: RawSpan) throws(SystemError) {
    hasUnsynced = true
    try file.write(batch, at: position)
    let start = position
    position += batch.byteCount
    startWriting(from: start)
  }

  /// Lets the disk work while the next batch is being checksummed and copied. Pages that the next batch adds to are left
  /// to the sync: each is written once.
  private func startWriting(from start: Int) {
    guard position - start >= Self.startBytes else { return }
    file.startWriting((start & ~(Self.pageBytes - 1))..<(position & ~(Self.pageBytes - 1)))
  }

  private static let startBytes = 256 << 10
  private static let pageBytes = 4 << 10

  /// Takes back what an append that found no room may have written, on a file system that cannot reserve. The segment takes
  /// nothing more.
  func cutBack() throws(SystemError) {
    try file.truncate(to: position)
    capacity = position
  }

  /// Makes everything appended durable.
  func sync() throws(SystemError) {
    guard hasUnsynced else { return }
    try file.sync()
    hasUnsynced = false
  }

  /// Cuts the file to its batches: what was preallocated and not used is given back.
  func close() throws(SystemError) {
    try file.truncate(to: position)
    try file.sync()
  }
}
