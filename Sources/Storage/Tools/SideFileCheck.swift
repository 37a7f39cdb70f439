import Bytes
import Platform
import Records

/// Checks what lies beside a closed segment, index and list of topics, against the segment, while that is read.
///
/// Both are hints: one that is missing, damaged or about an older file is passed over by readers and made anew, and is
/// worth a remark at the most. One that seems in order and is wrong hides records.
struct SideFileCheck: ~Copyable {
  private let segment: SegmentList.Segment
  private let directory: LogDirectory
  private let disk: any Disk
  private let index: [UInt8]?
  private let topics: [UInt8]?
  /// As they should be.
  private var readIndex: SegmentIndex
  private var readTopics: SegmentTopics

  /// - Parameter segment: with the size of the file that is being read.
  init(_ segment: SegmentList.Segment, _ directory: LogDirectory, _ disk: any Disk) {
    self.segment = segment
    self.directory = directory
    self.disk = disk
    index = directory.readSideFile(.index, segment.base, upTo: 64 << 20, disk)
    topics = directory.readSideFile(.topics, segment.base, upTo: 64 << 20, disk)
    readIndex = SegmentIndex(base: segment.base)
    readTopics = SegmentTopics(base: segment.base)
  }

  mutating func add(_ header: RecordBatchHeader, at position: Int) {
    readIndex.add(header, at: position)
  }

  mutating func add(_ record: borrowing Record) {
    if topics != nil { readTopics.add(record.topic) }
  }

  /// To be called when the segment has been read to its end.
  /// - Parameter isWhole: nothing in the segment was damaged.
  func findings(isWhole: Bool) -> [LogFinding] {
    var found: [LogFinding] = []
    if let index, let finding = check(index, isWhole) { found.append(finding) }
    if let topics, let finding = check(topics: topics, isWhole) { found.append(finding) }
    // Rewritten meanwhile: what was read is about another file.
    return found.isEmpty || isStillThere ? found : []
  }

  private func check(_ bytes: [UInt8], _ isWhole: Bool) -> LogFinding? {
    guard let index = SegmentIndex(bytes.span.bytes, base: segment.base, segmentBytes: segment.bytes) else {
      return stale(.index)
    }
    guard isWhole else { return nil }
    let isRight =
      index.entries == readIndex.entries && index.summary.endOffset == readIndex.summary.endOffset
      && index.summary.times == readIndex.summary.times
    return isRight ? nil : wrong(.index, "the index does not say where the segment's batches are, and of what times")
  }

  private func check(topics bytes: [UInt8], _ isWhole: Bool) -> LogFinding? {
    // A list in order that matches no filter at all: one that is not in order might match any.
    if SegmentTopics.mayMatch([], bytes.span.bytes, base: segment.base, segmentBytes: segment.bytes) {
      return bytes.count > 7 && bytes[7] == 1 ? nil : stale(.topics)
    }
    var expected = ByteWriter(capacity: bytes.count)
    readTopics.encode(segmentBytes: segment.bytes, into: &expected)
    guard isWhole, !expected.bytes.elementsEqual(bytes.span.bytes) else { return nil }
    return wrong(.topics, "the list of topics is not that of the segment, so that queries may miss some")
  }

  private func stale(_ kind: SegmentName.Kind) -> LogFinding {
    LogFinding(
      .remark, file: name(kind), problem: "it is damaged, or about an older file of the segment, and is passed over",
      remedy: "nothing, the daemon makes it anew", treatment: .remove)
  }

  private func wrong(_ kind: SegmentName.Kind, _ problem: String) -> LogFinding {
    LogFinding(
      .damage, file: name(kind), problem: problem,
      remedy: "stop the daemon and run `forebay log repair`, or remove the file; it is made anew", treatment: .remove)
  }

  private func name(_ kind: SegmentName.Kind) -> String {
    LogDirectory.segmentsName + "/" + SegmentName.fileName(kind, base: segment.base)
  }

  private var isStillThere: Bool {
    guard let file = try? disk.open(directory.file(.segment, segment.base), .read) else { return false }
    return (try? file.size()) == segment.bytes
  }
}
