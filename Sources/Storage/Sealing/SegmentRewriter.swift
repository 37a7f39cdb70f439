import Bytes
import Platform
import Records

/// Writes a segment anew: the same records at the same offsets, in another form.
///
/// To *seal* packs them into large compressed batches; to *mend* keeps intact batches as they are. Either way:
/// - bytes that are no intact batch go to the quarantine first;
/// - offsets that have no record any more are covered by a batch without records, so that batches lie close again and
///   a loss is found once;
/// - the new file has a temporary name until `SegmentInstaller` puts it in the old one's place; the old one is not touched;
/// - where every batch can stay as it is, there is no new file, only a new index and list of topics.
///
/// `rewrite`, then perhaps `append`, then `finish`; a rewriter that goes before takes the temporary file with it.
/// Memory: a packed and an unpacked batch, whatever the segment's size. One owner, one thread.
struct SegmentRewriter: ~Copyable {
  enum Aim: Hashable, Sendable {
    case seal
    case mend
  }

  private let aim: Aim
  private let base: Offset
  private let source: any DiskFile
  private let directory: LogDirectory
  private let disk: any Disk

  private var scanner: BatchScanner
  private var decompressor = BatchDecompressor()
  private var packer: BatchPacker
  /// Nil while every batch has stayed where it was.
  private var target: (any DiskFile)?
  private var output = ByteWriter(capacity: 64 << 10)
  private var writtenBytes = 0
  private var isFinished = false

  /// The offset up to which batches cover, those in the packer included.
  private var next: Offset
  private var result: RewrittenSegment
  private var bytesSincePause = 0

  /// Written and synced at once: so little that a sync never stands in the commit's way for long.
  private static let outputBytes = 1 << 20

  /// - Parameters:
  ///   - identity: what records carry once they are sealed; nil: nothing.
  ///   - effort: how well they are compressed.
  init(
    _ aim: Aim, base: Offset, in directory: LogDirectory, on disk: any Disk, identity: OffsetHeaders? = nil,
    effort: ZstdCompressor.Effort = .quick
  ) throws(SystemError) {
    self.aim = aim
    self.base = base
    self.directory = directory
    self.disk = disk
    source = try disk.open(directory.file(.segment, base), .read)
    scanner = BatchScanner(source, base: base)
    packer = BatchPacker(identity, effort)
    next = base
    result = RewrittenSegment(base: base)
  }

  deinit {
    if target != nil, !isFinished { try? disk.remove(Self.temporaryPath(base, directory)) }
  }

  static func temporaryPath(_ base: Offset, _ directory: LogDirectory) -> String {
    directory.file(.segment, base) + SegmentName.temporarySuffix
  }

  /// Goes through the segment.
  /// - Parameters:
  ///   - end: the base of the next segment, up to which offsets are covered; nil where there is none.
  ///   - pause: called about once a mebibyte, with the bytes since the last time; may sleep. False: give up.
  /// - Returns: false where it was given up.
  mutating func rewrite(to end: Offset?, pause: (Int) -> Bool = { _ in true }) throws(SystemError) -> Bool {
    while try takeNext(limit: end ?? .max) {
      guard bytesSincePause >= Self.outputBytes else { continue }
      let bytes = bytesSincePause
      bytesSincePause = 0
      guard pause(bytes) else { return false }
    }
    try flushPacker()
    if let end { try cover(to: end) }
    return true
  }

  /// Appends a record of the log's own behind the others.
  mutating func append(_ gap: GapRecord, at time: Timestamp) throws(SystemError) {
    try beginTarget()
    var builder = RecordBatchBuilder(capacity: 512)
    builder.append(topic: Topic.gap.utf8.span.bytes, payload: gap.payload.span.bytes, at: time)
    builder.finish(baseOffset: next)
    output.append(builder.bytes)
    var header = builder.currentHeader
    header.baseOffset = next
    next += 1
    try note(header)
  }

  /// Makes the new file, if there is one, durable under its temporary name.
  mutating func finish() throws(SystemError) -> RewrittenSegment {
    // Zeros behind the batches, of a segment that was not cut when it was closed, are left out.
    if target == nil, scanner.position < (try source.size()) { try beginTarget() }
    if target != nil {
      try writeOutput()
      result.isChanged = true
    }
    result.index.setSizes(unsealedBytes: max(result.unsealedBytes, result.bytes), isSealed: aim == .seal)
    isFinished = true
    return result
  }

  /// Offsets lost, so far.
  var lost: [Range<Offset>] { result.lost }
}

// Taking batches.
extension SegmentRewriter {
  /// Takes the next batch, or damage; false at the end.
  private mutating func takeNext(limit: Offset) throws(SystemError) -> Bool {
    let found = try scanner.read()
    if case .batch(let header) = found, header.baseOffset >= next, header.endOffset <= limit {
      if header.baseOffset > next {
        try flushPacker()
        try cover(to: header.baseOffset)
      }
      try take(header)
      scanner.pass(header)
      bytesSincePause += header.batchBytes
      return true
    }
    if found == .end, try scanner.isZeroToTheEnd() { return false }
    // What is not taken over makes another file.
    try flushPacker()
    try beginTarget()
    let (isFound, damage) = try scanner.resynchronise(minimum: next, limit: limit)
    try Quarantine(directory, disk).keep(damage, of: source, named: SegmentName.fileName(base: base))
    result.damage.append(damage)
    return isFound
  }

  private mutating func take(_ header: RecordBatchHeader) throws(SystemError) {
    guard aim == .seal, header.recordCount > 0, decompressor.open(header, in: scanner) else {
      if header.recordCount > 0 { result.topics.giveUp() }
      result.unsealedBytes += header.batchBytes
      return try copy(header)
    }
    if header.codec == RecordBatchHeader.Codec.none {
      result.unsealedBytes += header.batchBytes
      try pack(header)
    } else {
      result.unsealedBytes += RecordBatchHeader.byteCount + decompressor.unpackedBytes
      Self.noteRecords(header, decompressor, scanner, &result)
      try copy(header)
    }
  }

  private mutating func pack(_ header: RecordBatchHeader) throws(SystemError) {
    try beginTarget()
    var walk = Walk(remaining: Int(header.recordCount))
    while walk.remaining > 0 {
      Self.fill(&packer, header, decompressor, scanner, &walk, &next, &result)
      if packer.isFull || walk.remaining > 0 { try flushPacker() }
    }
    next = header.endOffset
  }

  /// How far the walk over a batch's records has come.
  private struct Walk {
    var position = 0
    var remaining: Int
  }

  /// Packs records until the packer is full or wants another batch.
  private static func fill(
    _ packer: inout BatchPacker, _ header: RecordBatchHeader, _ decompressor: borrowing BatchDecompressor,
    _ scanner: borrowing BatchScanner, _ walk: inout Walk, _ next: inout Offset, _ result: inout RewrittenSegment
  ) {
    let records = decompressor.records(header, in: scanner)
    var iterator = RecordIterator(header, records: records, position: walk.position, remaining: walk.remaining)
    while walk.remaining > 0, !packer.isFull {
      guard let record = iterator.next() else {
        walk.remaining = 0
        return
      }
      guard packer.add(record, first: next) else { return }
      next = record.offset + 1
      result.topics.add(record.topic)
      result.records += 1
      walk = Walk(position: iterator.position, remaining: walk.remaining - 1)
    }
  }

  private static func noteRecords(
    _ header: RecordBatchHeader, _ decompressor: borrowing BatchDecompressor, _ scanner: borrowing BatchScanner,
    _ result: inout RewrittenSegment
  ) {
    let records = decompressor.records(header, in: scanner)
    var iterator = RecordIterator(header, records: records)
    while let record = iterator.next() {
      result.topics.add(record.topic)
      result.records += 1
    }
    if iterator.isMalformed { result.topics.giveUp() }
  }
}

// Writing batches.
extension SegmentRewriter {
  private mutating func flushPacker() throws(SystemError) {
    guard !packer.isEmpty else { return }
    try note(packer.finish(end: next, into: &output))
  }

  /// Takes a batch over as it is.
  private mutating func copy(_ header: RecordBatchHeader) throws(SystemError) {
    try flushPacker()
    if target != nil { Self.append(header, of: scanner, to: &output) }
    next = header.endOffset
    try note(header)
  }

  private static func append(
    _ header: RecordBatchHeader, of scanner: borrowing BatchScanner, to output: inout ByteWriter
  ) {
    output.append(scanner.batch(header))
  }

  /// Covers lost offsets up to `end` with batches without records.
  private mutating func cover(to end: Offset) throws(SystemError) {
    guard next < end else { return }
    try beginTarget()
    result.lost.append(next..<end)
    while next < end {
      var header = RecordBatchHeader()
      header.baseOffset = next
      header.lastOffsetDelta = Int32(clamping: end - next - 1)
      header.baseTimestamp = Timestamp(milliseconds: -1)
      header.maxTimestamp = header.baseTimestamp
      header.encode(records: RawSpan(), into: &output)
      next = header.endOffset
      try note(header)
    }
  }

  private mutating func note(_ header: RecordBatchHeader) throws(SystemError) {
    result.index.add(header, at: result.bytes)
    result.bytes += header.batchBytes
    if output.count >= Self.outputBytes { try writeOutput() }
  }

  /// From here on the new file differs from the old: makes it, with what has been the same so far.
  private mutating func beginTarget() throws(SystemError) {
    guard target == nil else { return }
    let name = SegmentName.fileName(base: base) + SegmentName.temporarySuffix
    if try disk.list(directory.segments).contains(name) { try disk.remove(directory.segments + "/" + name) }
    let file = try disk.open(directory.segments + "/" + name, .create)
    target = file
    try file.copy(0..<result.bytes, of: source)
    writtenBytes = result.bytes
  }

  private mutating func writeOutput() throws(SystemError) {
    guard let target else { return }
    try target.write(output.bytes, at: writtenBytes)
    try target.sync()
    writtenBytes += output.count
    output.removeAll()
  }
}
