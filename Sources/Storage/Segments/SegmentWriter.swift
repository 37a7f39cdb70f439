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
  private let file: any DiskFile

  /// Makes the segment that begins at `base`: written under a temporary name, synced, renamed, the directory synced.
  /// A crash before the rename leaves a file that recovery removes; after it, an empty segment.
  static func create(
    base: Offset, bytes: Int, in directory: String, on disk: any Disk
  ) throws(SystemError) -> SegmentWriter {
    let path = directory + "/" + SegmentName.fileName(base: base)
    let temporary = directory + "/" + SegmentName.fileName(base: base) + SegmentName.temporarySuffix
    if try disk.list(directory).contains(SegmentName.fileName(base: base) + SegmentName.temporarySuffix) {
      try disk.remove(temporary)
    }
    let file = try disk.open(temporary, .create)
    do throws(SystemError) {
      try file.allocate(bytes)
      try file.sync()
      try disk.rename(temporary, to: path)
    } catch {
      // Blocks reserved in vain would keep a full disk full.
      try? disk.remove(temporary)
      throw error
    }
    try disk.syncDirectory(directory)
    return SegmentWriter(base: base, position: 0, file: file)
  }

  /// Goes on behind `position` of an existing segment, whose bytes from there on must be zeros or absent.
  static func resume(
    base: Offset, position: Int, bytes: Int, in directory: String, on disk: any Disk
  ) throws(SystemError) -> SegmentWriter {
    let file = try disk.open(directory + "/" + SegmentName.fileName(base: base), .readWrite)
    try file.allocate(max(bytes, position))
    try file.sync()
    return SegmentWriter(base: base, position: position, file: file)
  }

  private init(base: Offset, position: Int, file: any DiskFile) {
    self.base = base
    self.position = position
    self.file = file
  }

  func append(_ batch: RawSpan) throws(SystemError) {
    try file.write(batch, at: position)
    position += batch.byteCount
  }

  func sync() throws(SystemError) {
    try file.sync()
  }

  /// Cuts the file to its batches: what was preallocated and not used is given back.
  func close() throws(SystemError) {
    try file.truncate(to: position)
    try file.sync()
  }
}
