import Platform
import Records

/// The commit: takes what producers have handed over, gives it offsets, writes it, syncs once, and only then lets
/// everybody know. Runs on a thread of its own; in tests, a step at a time.
///
/// After a failed write or sync nothing is retried: the log has failed, and only recovery can tell what is on disk.
/// A full log or disk is no failure: room is made in whole segments and reserved before anything is written, so nothing is
/// written then that could be unknown. What cannot be taken is held, and not acknowledged, until there is room
/// (`Committer+Refusing.swift`).
final class Committer: @unchecked Sendable {
  // Unchecked: made on one thread and handed to the commit's, which alone uses it from then on.
  let state: LogState
  let queue: CommitQueue
  let disk: CountingDisk
  /// Nil, after a start on a full disk, until there was room for it.
  var writer: SegmentWriter?
  var preparation: SegmentPreparation
  /// The next segment could not be made, and its name may be on the disk all the same. Recovery would take it for the newest:
  /// nothing more goes to the one that is, until the next has been made.
  var isNextInDoubt = false
  var nextOffset: Offset
  var batches: [PendingBatch] = []
  /// What could not be taken for want of room, in its order.
  var held: [PendingBatch] = []
  var refusal: LogRefusal?
  /// The refusal that everybody knows of: stays while what is held is tried again.
  var announced: LogRefusal?
  var metrics = LogMetrics()

  let policy: RetentionPolicy
  var clock: LogClock
  var history: LogHistory
  /// It could not be saved the last time, which has been said.
  var isHistoryBehind = false
  /// When the newest record came.
  var newest: LogClock.Stamp
  /// Monotonic nanoseconds, these.
  var nextLook: Int64
  var nextHistory: Int64
  var nextDropOnFullDisk: Int64 = 0
  var gapBatch = RecordBatchBuilder(capacity: 1024)

  init(_ state: LogState, queue: CommitQueue, disk: CountingDisk, _ recovered: Recovery.Recovered) {
    self.state = state
    self.queue = queue
    self.disk = disk
    writer = recovered.writer
    preparation = recovered.preparation
    nextOffset = recovered.endOffset
    policy = RetentionPolicy(state.configuration)
    history = LogHistory.read(state.directory, disk)
    let now = state.time.monotonicNanoseconds()
    clock = LogClock(running: history.running, monotonic: now, wall: state.time.wallMilliseconds())
    newest = clock.now
    nextLook = now + Self.lookNanoseconds
    nextHistory = now + Self.historyNanoseconds
    batches.reserveCapacity(16)
    takeUpHistory()
    metrics.newestRecord = recovered.newestRecord
    noteOldestRecord()
    if writer == nil { refuse(.diskFull) }
    publishMetrics()
  }

  /// Commits until the queue is closed or the log fails.
  func run() {
    while true {
      switch queue.take(into: &batches, milliseconds: millisecondsToSleep) {
      case .batches:
        if state.configuration.commitDelayMilliseconds > 0 {
          state.time.sleep(milliseconds: state.configuration.commitDelayMilliseconds)
          _ = queue.takeWaiting(into: &batches)
        }
        guard commitTaken() else { return }
      case .timeUp: break
      case .closed:
        end()
        return
      }
      guard retry(), lookIfDue() else { return }
    }
  }

  /// Commits what waits now, without sleeping: for tests. False once the log has failed.
  func step() -> Bool {
    guard state.failure == nil, retry() else { return false }
    if queue.takeWaiting(into: &batches), !commitTaken() { return false }
    return lookIfDue()
  }

  /// Commits `batches`, but for those that have to be held.
  func commitTaken() -> Bool {
    do throws(SystemError) {
      try commit()
    } catch {
      fail(error)
      return false
    }
    queue.finish(&batches, end: nextOffset)
    state.wakeFollowers()
    return true
  }

  private func commit() throws(SystemError) {
    let start = state.time.monotonicNanoseconds()
    var bytes = 0
    var records = 0
    var index = 0
    while index < batches.count {
      guard try write(batches[index]) else {
        held.append(batches.remove(at: index))
        continue
      }
      bytes += batches[index].builder.byteCount
      records += batches[index].builder.recordCount
      metrics.newestRecord = batches[index].builder.currentHeader.maxTimestamp
      index += 1
    }
    guard let writer, !batches.isEmpty else { return }
    let written = state.time.monotonicNanoseconds()
    try writer.sync()
    let synced = state.time.monotonicNanoseconds()
    advance(writer)
    newest = clock.stamp(monotonic: synced, wall: state.time.wallMilliseconds())
    if metrics.oldestRecord == nil, nextOffset - Offset(records) == state.segments.startOffset {
      metrics.oldestRecord = batches[0].builder.currentHeader.baseTimestamp
    }
    metrics.add(
      records: records, bytes: bytes, writeNanoseconds: written - start, syncNanoseconds: synced - written)
    publishMetrics()
  }

  /// Lets everybody know what has been synced.
  func advance(_ writer: SegmentWriter) {
    state.segments.setLastBytes(writer.position)
    state.segments.advance(durableEnd: nextOffset)
  }

  /// False where the batch has to be held.
  private func write(_ batch: PendingBatch) throws(SystemError) -> Bool {
    let bytes = batch.builder.byteCount
    guard mayTake(batch), try makeRoom(for: bytes, isOwn: batch.passesRefusal), let writer else { return false }
    batch.builder.finish(baseOffset: nextOffset)
    batch.baseOffset = nextOffset
    do throws(SystemError) {
      try batch.builder.withBytes { bytes throws(SystemError) in try writer.append(bytes) }
    } catch {
      // Only on a file system that cannot reserve.
      guard error.isOutOfSpace else { throw error }
      try writer.cutBack()
      refuse(.diskFull)
      return false
    }
    var header = batch.builder.currentHeader
    header.baseOffset = nextOffset
    state.segments.noteBatch(header, at: writer.position - bytes)
    nextOffset += Offset(batch.builder.recordCount)
    return true
  }

  func fail(_ error: SystemError) {
    state.fail(.failed(error))
    queue.fail(.failed(error))
  }

  func publishMetrics() {
    metrics.bytesWrittenTotal = history.bytesWritten + disk.bytesWritten
    metrics.runningMilliseconds = clock.now.running
    metrics.refusal = announced
    state.publish(metrics)
  }

  /// At an orderly end: what has room by now is taken, and the newest segment cut to its records.
  func end() {
    guard retry() else { return }
    let lost = held.reduce(0) { $0 + $1.builder.recordCount }
    if lost > 0 { Journal.warning("\(lost) records had no room until the end; they were not acknowledged") }
    do throws(SystemError) {
      try writer?.close()
    } catch {
      Journal.warning("closing the newest segment: \(error); its records are safe")
    }
    saveHistory()
  }
}
