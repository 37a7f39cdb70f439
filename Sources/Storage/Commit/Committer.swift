import Platform
import Records

/// The commit: takes what producers have handed over, gives it offsets, writes it, syncs once, and only then lets
/// everybody know. Runs on a thread of its own; in tests, a step at a time.
///
/// After a failed write or sync nothing is retried: the log has failed, and only recovery can tell what is on disk.
/// A full disk is no failure: no segment can be made, so nothing was written that could be unknown; the commit drops
/// the oldest segment or waits for room, and until then nothing is acknowledged.
final class Committer: @unchecked Sendable {
  // Unchecked: made on one thread and handed to the commit's, which alone uses it from then on.
  private let state: LogState
  private let queue: CommitQueue
  private var writer: SegmentWriter
  private var nextOffset: Offset
  private var batches: [PendingBatch] = []
  private var metrics = LogMetrics()

  init(_ state: LogState, queue: CommitQueue, writer: SegmentWriter, nextOffset: Offset) {
    self.state = state
    self.queue = queue
    self.writer = writer
    self.nextOffset = nextOffset
    batches.reserveCapacity(16)
  }

  /// Commits until the queue is closed or the log fails.
  func run() {
    while queue.take(into: &batches) {
      if state.configuration.commitDelayMilliseconds > 0 {
        state.time.sleep(milliseconds: state.configuration.commitDelayMilliseconds)
        _ = queue.takeWaiting(into: &batches)
      }
      guard commitTaken() else { return }
    }
    closeSegment()
  }

  /// Commits what waits now, without sleeping: for tests. False once the log has failed.
  func step() -> Bool {
    guard state.failure == nil else { return false }
    guard queue.takeWaiting(into: &batches) else { return true }
    return commitTaken()
  }

  private func commitTaken() -> Bool {
    do throws(SystemError) {
      let start = state.time.monotonicNanoseconds()
      var bytes = 0
      let first = nextOffset
      for batch in batches {
        batch.builder.finish(baseOffset: nextOffset)
        guard try write(batch) else { return false }
        nextOffset += Offset(batch.builder.recordCount)
        bytes += batch.builder.byteCount
      }
      let written = state.time.monotonicNanoseconds()
      try writer.sync()
      let synced = state.time.monotonicNanoseconds()
      state.segments.setLastBytes(writer.position)
      state.segments.advance(durableEnd: nextOffset)
      metrics.add(
        records: Int(nextOffset - first), bytes: bytes, writeNanoseconds: written - start,
        syncNanoseconds: synced - written)
      state.publish(metrics)
    } catch {
      state.fail(.failed(error))
      queue.fail(.failed(error))
      return false
    }
    queue.finish(&batches)
    state.wakeFollowers()
    return true
  }

  /// False where the log is closed before there is room: the batch is not acknowledged, and its producer knows.
  private func write(_ batch: PendingBatch) throws(SystemError) -> Bool {
    if writer.position > 0, writer.position + batch.builder.byteCount > state.configuration.segmentBytes {
      guard try roll(forBytes: batch.builder.byteCount) else { return false }
    }
    let position = writer.position
    try batch.builder.withBytes { bytes throws(SystemError) in try writer.append(bytes) }
    var header = batch.builder.currentHeader
    header.baseOffset = nextOffset
    state.segments.noteBatch(header, at: position)
    return true
  }

  /// Closes the segment and begins the next at `nextOffset`, as soon as there is room; false where the log is closed
  /// before.
  private func roll(forBytes bytes: Int) throws(SystemError) -> Bool {
    let position = writer.position
    try writer.close()
    state.segments.setLastBytes(position)
    let size = max(state.configuration.segmentBytes, bytes)
    var isWaiting = false
    while true {
      do throws(SystemError) {
        writer = try SegmentWriter.create(base: nextOffset, bytes: size, in: state.directory.segments, on: state.disk)
        break
      } catch {
        guard error.isOutOfSpace else { throw error }
        if !isWaiting {
          Journal.error("no room on the disk for the next segment; nothing is acknowledged until there is: \(error)")
          isWaiting = true
          metrics.waitsForRoom = true
          state.publish(metrics)
        }
        if dropOldest() { continue }
        guard !queue.isClosed else { return false }
        state.time.sleep(milliseconds: 500)
      }
    }
    if isWaiting { Journal.notice("there is room on the disk again") }
    metrics.waitsForRoom = false
    state.segments.roll(to: nextOffset)
    metrics.segmentsMade += 1
    while state.segments.totalBytes > state.configuration.maxBytes - size, dropOldest() {}
    return true
  }

  /// Cuts the newest segment to its records: at an orderly end.
  func closeSegment() {
    do throws(SystemError) {
      try writer.close()
    } catch {
      Journal.warning("closing the newest segment: \(error); its records are safe")
    }
  }
}

// Retention: the oldest segments make room for the newest.
extension Committer {
  /// Removes the oldest segment, unless it is the only one. What a consumer had still to get of it becomes a gap record.
  private func dropOldest() -> Bool {
    guard let (removed, next) = state.segments.removeOldest() else { return false }
    do throws(SystemError) {
      try state.directory.removeSegment(removed.base, state.disk)
      try state.disk.syncDirectory(state.directory.segments)
    } catch {
      Journal.warning("removing the oldest segment: \(error)")
    }
    metrics.recordsRetired += Int(next - removed.base)
    guard let slowest = state.consumers.slowest, slowest.position < next else { return true }
    let missed = max(slowest.position, removed.base)..<next
    metrics.recordsDropped += missed.count
    Journal.warning(
      "dropped records \(missed.lowerBound) to \(missed.upperBound - 1), which \(slowest.name) had not got, to keep the log within its limit; raise `log.maxBytes` to hold longer outages"
    )
    let place = "offsets \(missed.lowerBound) to \(missed.upperBound - 1), not consumed by \(slowest.name)"
    queue.add(
      GapRecord(.retention, count: missed.count, place: place),
      at: Timestamp(milliseconds: state.time.wallMilliseconds()))
    return true
  }
}
