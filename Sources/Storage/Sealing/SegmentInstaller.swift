import Bytes
import Platform
import Records

/// Puts a rewritten segment, its index and its list of topics in the place of the old ones.
///
/// The segment by one rename of a file that is synced, so that a power cut leaves the one or the other; the side files
/// before and after it, each about a file of one length: an old one beside a new segment is taken as missing.
struct SegmentInstaller {
  let directory: LogDirectory
  let disk: any Disk

  /// - Returns: false where the segment is no longer in `list`: retention has taken it. The new files are gone then.
  func install(_ segment: RewrittenSegment, in list: SegmentList) throws(SystemError) -> Bool {
    try writeSideFile(.topics, segment.base) { segment.topics.encode(segmentBytes: segment.bytes, into: &$0) }
    try writeSideFile(.index, segment.base) { segment.index.encode(segmentBytes: segment.bytes, into: &$0) }
    let isInstalled = try list.replace(segment.base, bytes: segment.bytes, summary: segment.index.summary) {
      () throws(SystemError) in
      if segment.isChanged { try rename(.segment, segment.base) }
      try rename(.topics, segment.base)
      try rename(.index, segment.base)
    }
    guard isInstalled else {
      discard(segment)
      return false
    }
    try disk.syncDirectory(directory.segments)
    return true
  }

  /// Writes the index of a closed segment as it is.
  func install(_ index: SegmentIndex, of segment: SegmentList.Segment, in list: SegmentList) throws(SystemError) {
    try writeSideFile(.index, segment.base) { index.encode(segmentBytes: segment.bytes, into: &$0) }
    let isInstalled = try list.replace(segment.base, bytes: segment.bytes, summary: index.summary) {
      () throws(SystemError) in try rename(.index, segment.base)
    }
    if !isInstalled { try? disk.remove(directory.file(.index, segment.base) + SegmentName.temporarySuffix) }
  }

  /// Removes what was made and not installed.
  func discard(_ segment: RewrittenSegment) {
    for kind in SegmentName.Kind.allCases {
      // Those that were not made are not there to be removed.
      try? disk.remove(directory.file(kind, segment.base) + SegmentName.temporarySuffix)
    }
  }

  private func rename(_ kind: SegmentName.Kind, _ base: Offset) throws(SystemError) {
    let path = directory.file(kind, base)
    try disk.rename(path + SegmentName.temporarySuffix, to: path)
  }

  private func writeSideFile(
    _ kind: SegmentName.Kind, _ base: Offset, _ encode: (inout ByteWriter) -> Void
  ) throws(SystemError) {
    let file = try disk.open(directory.file(kind, base) + SegmentName.temporarySuffix, .readWriteOrCreate)
    var bytes = ByteWriter(capacity: 16 << 10)
    encode(&bytes)
    try file.truncate(to: 0)
    try file.write(bytes.bytes, at: 0)
    try file.sync()
  }
}
