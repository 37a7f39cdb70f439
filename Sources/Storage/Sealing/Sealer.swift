import Platform
import Records

/// Looks after the segments that are no longer written to, most often the oldest first: seals them, mends those that are damaged or
/// have offsets missing behind them, writes the indexes that are in memory alone.
///
/// Runs on a thread of its own, below all others, a mebibyte at a time, resting in between as `SealingPolicy` has it; in
/// tests, a step at a time. What it cannot do now, it tries again when the log has changed.
final class Sealer: @unchecked Sendable {
  // Unchecked: made on one thread and handed to the sealer's, which alone uses it from then on.
  private let state: LogState
  private var appender: Appender
  private let installer: SegmentInstaller
  private var metrics = SealingMetrics()

  /// A segment that lost records, written anew: installed when the record that says so is on disk.
  private var waiting: (segment: RewrittenSegment, before: SegmentList.Segment, ticket: UInt64)?
  /// Segments that could not be done, until something changes.
  private var putOff: Set<Offset> = []
  private var pace: SealingPace
  /// What records carry once they are sealed.
  private let identity: OffsetHeaders?

  init(_ state: LogState, queue: CommitQueue, identity: OffsetHeaders?) {
    self.state = state
    self.identity = identity
    appender = Appender(queue: queue, wakeUp: nil, alsoWhenRefusing: true)
    installer = SegmentInstaller(directory: state.directory, disk: state.disk)
    pace = SealingPace(state)
  }

  /// Seals until the log is closed.
  func run() {
    NamedThread.yieldToOthers()
    var seen = 0
    while let change = state.segments.waitForChange(after: seen) {
      seen = change
      putOff.removeAll()
      while step(), !state.segments.isClosed {
        if waiting != nil { state.time.sleep(milliseconds: 5) }
      }
    }
  }

  /// Does one piece of work; false where there is none.
  func step() -> Bool {
    if waiting != nil { return installWaiting() }
    for (segment, index) in state.segments.unwrittenIndexes {
      attempt("writing the index", segment.base) { () throws(SystemError) in
        try installer.install(index, of: segment, in: state.segments)
        state.segments.forgetIndex(segment.base)
      }
    }
    guard let (segment, next) = nextSegment() else { return false }
    attempt("sealing", segment.base) { () throws(SystemError) in try seal(segment, next: next) }
    return true
  }

  /// The first closed segment that is not sealed and whole; the last, where that is better.
  private func nextSegment() -> (SegmentList.Segment, next: Offset)? {
    let segments = state.segments.all
    let takesNewest = pace.plan.takesNewestFirst
    var found: (SegmentList.Segment, next: Offset)?
    for (segment, next) in zip(segments, segments.dropFirst()) where !putOff.contains(segment.base) {
      if let summary = segment.summary, summary.isSealed, !segment.isDamaged, summary.endOffset == next.base {
        continue
      }
      found = (segment, next.base)
      if !takesNewest { break }
    }
    return found
  }

  /// Does `work`; where it fails, that segment has to wait.
  private func attempt(_ what: String, _ base: Offset, _ work: () throws(SystemError) -> Void) {
    do throws(SystemError) {
      try work()
    } catch {
      putOff.insert(base)
      // Retention may have taken the segment meanwhile.
      guard !error.isNotFound, !state.segments.isClosed else { return }
      Journal.warning("\(what) of \(SegmentName.fileName(base: base)): \(error); it is tried again later")
    }
  }

  private func seal(_ segment: SegmentList.Segment, next: Offset) throws(SystemError) {
    let started = state.segments
    if try isOfNewerVersion(segment) { return }
    pace.begin()
    var rewriter = try SegmentRewriter(
      .seal, base: segment.base, in: state.directory, on: state.disk, identity: identity, effort: pace.plan.effort)
    guard try rewriter.rewrite(to: next, pause: { pace.pause(after: $0) && !started.isClosed }) else { return }
    let rewritten = try rewriter.finish()
    // Retention may have taken the segment meanwhile, with its blocks: what was missing is no damage.
    guard state.segments.startOffset <= segment.base else { return installer.discard(rewritten) }
    if rewritten.lost.isEmpty, rewritten.damage.isEmpty {
      try install(rewritten, insteadOf: segment)
    } else {
      note(rewritten)
      waiting = (rewritten, segment, appender.appendedTickets)
    }
  }

  /// A newer version's segment is left as it is; readers pass over it.
  private func isOfNewerVersion(_ segment: SegmentList.Segment) throws(SystemError) -> Bool {
    let file = try state.disk.open(state.directory.file(.segment, segment.base), .read)
    var scanner = BatchScanner(file, base: segment.base)
    guard try scanner.newerMagic() != nil else { return false }
    putOff.insert(segment.base)
    return true
  }

  /// Says what was lost, in the output and in the log itself, before the damage that shows it is replaced.
  private func note(_ rewritten: RewrittenSegment) {
    let name = SegmentName.fileName(base: rewritten.base)
    let now = Timestamp(milliseconds: state.time.wallMilliseconds())
    let damagedBytes = rewritten.damage.reduce(0) { $0 + $1.count }
    for lost in rewritten.lost {
      let place = "offsets \(lost.lowerBound) to \(lost.upperBound - 1), \(name)"
      appender.append(GapRecord(.damage, count: lost.count, place: place), at: now)
    }
    appender.flush()
    metrics.damagedSegments += 1
    metrics.lostRecords += rewritten.lostRecords
    Journal.warning(
      "\(name) is damaged: \(rewritten.lostRecords) records are lost; \(damagedBytes) bytes that are no records were put into \(state.directory.quarantine)"
    )
  }

  private func installWaiting() -> Bool {
    guard let (segment, before, ticket) = waiting else { return false }
    guard state.failure == nil else { return false }
    guard appender.durableTickets >= ticket else { return true }
    waiting = nil
    attempt("sealing", segment.base) { () throws(SystemError) in try install(segment, insteadOf: before) }
    return true
  }

  private func install(
    _ rewritten: RewrittenSegment, insteadOf before: SegmentList.Segment
  ) throws(SystemError) {
    do throws(SystemError) {
      guard try installer.install(rewritten, in: state.segments) else { return }
    } catch {
      installer.discard(rewritten)
      throw error
    }
    metrics.segments += 1
    metrics.records += rewritten.records
    metrics.bytesBefore += before.bytes
    metrics.bytesAfter += rewritten.bytes
    state.publish(metrics)
  }
}
