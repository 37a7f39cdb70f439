import Platform
import Records

// What is remembered from one start to the next.
extension Committer {
  /// Makes the history one of the segments that are there.
  func takeUpHistory() {
    let known = history.newestByBase
    if known.isEmpty { history.begun = clock.now }
    if let writer, let stamp = known[writer.base] { newest = stamp }
    history.segments = state.segments.all.filter { $0.base != writer?.base }.map { segment in
      // Of one that the history does not know, its records' times may tell, as far as they are believed.
      let wall = segment.summary?.times?.upperBound.milliseconds ?? 0
      let unknown = LogClock.Stamp(running: clock.now.running, wall: wall)
      return LogHistory.Segment(base: segment.base, newest: known[segment.base] ?? unknown)
    }
  }

  func saveHistory() {
    nextHistory = state.time.monotonicNanoseconds() + Self.historyNanoseconds
    observeClock()
    var saved = history
    saved.running = clock.now.running
    saved.bytesWritten += disk.bytesWritten
    if let writer { saved.segments.append(LogHistory.Segment(base: writer.base, newest: newest)) }
    do throws(SystemError) {
      try saved.write(state.directory, disk)
      isHistoryBehind = false
    } catch {
      defer { isHistoryBehind = true }
      guard !isHistoryBehind else { return }
      Journal.warning("the log's history is not saved: \(error); after a restart its records may be kept longer")
    }
  }

  func noteOldestRecord() {
    metrics.oldestRecord = nil
    guard let oldest = state.segments.all.first, oldest.base < state.segments.durableEnd else { return }
    do throws(SystemError) {
      let path = state.directory.segments + "/" + SegmentName.fileName(base: oldest.base)
      var scanner = BatchScanner(try state.disk.open(path, .read), base: oldest.base)
      guard case .batch(let header) = try scanner.peek() else { return }
      metrics.oldestRecord = header.baseTimestamp
    } catch {
      return
    }
  }
}
