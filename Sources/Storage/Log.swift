package import Platform
package import Records
import Synchronization

/// The durable log of one data directory: producers append through `Appender`s, one commit thread makes what they hand
/// over durable, consumers read behind it with `LogReader`s and keep their place in `Cursor`s.
///
/// Only two edges go back and forth: append to the durable end, and the durable end to the readers. Any thread.
package final class Log: Sendable {
  /// The random id made with the log.
  package let epoch: LogEpoch
  /// What records carry once they are sealed; nil: nothing.
  package let sealedIdentity: OffsetHeaders?

  /// What recovery found and did, a line each; empty after an orderly end.
  package let recoveryReport: [String]

  private let state: LogState
  private let queue: CommitQueue
  private let committer: Committer
  private let sealer: Sealer
  private let lock: Mutex<(any AnyObject & Sendable)?>
  private let commitThread = Mutex<NamedThread?>(nil)
  private let sealThread = Mutex<NamedThread?>(nil)

  /// Takes the data directory, recovers what is on disk, and starts the commit.
  /// - Parameter startsThreads: false where the caller commits by `commitStep()` and seals by `sealStep()`: for
  ///   simulations.
  package static func open(
    _ configuration: LogConfiguration, disk: any Disk = LocalDisk(), time: any TimeSource = SystemTime(),
    startsThreads: Bool = true
  ) throws(StorageError) -> Log {
    var configuration = configuration
    configuration.segmentBytes = min(configuration.segmentBytes, max(configuration.maxBytes / 4, 64 << 10))
    let lock = try acquireLock(LogDirectory(configuration.directory), disk)
    let disk = CountingDisk(disk)
    var recovery = Recovery(configuration, disk: disk, now: Timestamp(milliseconds: time.wallMilliseconds()))
    let recovered: Recovery.Recovered
    do throws(SystemError) { recovered = try recovery.run() } catch { throw .disk(error) }
    let log = Log(configuration, recovered, report: recovery.report, lock: lock, disk: disk, time: time)
    if startsThreads { log.start() }
    return log
  }

  private init(
    _ configuration: LogConfiguration, _ recovered: Recovery.Recovered, report: [String],
    lock: any AnyObject & Sendable, disk: CountingDisk, time: any TimeSource
  ) {
    epoch = recovered.epoch
    sealedIdentity = configuration.identifiedGateway.map { .identity(gateway: $0, epoch: "\(recovered.epoch)") }
    recoveryReport = report
    self.lock = Mutex(lock)
    state = LogState(configuration, disk: disk, time: time, segments: recovered.segments)
    queue = CommitQueue(commitBufferBytes: configuration.commitBufferBytes, end: recovered.endOffset)
    committer = Committer(state, queue: queue, disk: disk, recovered)
    sealer = Sealer(state, queue: queue, identity: sealedIdentity)
  }

  private static func acquireLock(
    _ directory: LogDirectory, _ disk: any Disk
  ) throws(StorageError) -> any AnyObject & Sendable {
    let outcome: DiskLock
    do throws(SystemError) {
      try disk.createDirectory(directory.path)
      outcome = try disk.lock(directory.lock)
    } catch {
      throw .disk(error)
    }
    switch outcome {
    case .acquired(let lock): return lock
    case .heldBy(let process): throw .locked(directory: directory.path, process: process)
    }
  }

  private func start() {
    let committer = committer
    let sealer = sealer
    commitThread.withLock {
      $0 = NamedThread.start("commit") {
        // The producers it wakes would otherwise take its processor between one commit and the next.
        NamedThread.hasten()
        committer.run()
      }
    }
    guard state.configuration.sealsInBackground else { return }
    sealThread.withLock { $0 = NamedThread.start("seal") { sealer.run() } }
  }
}

// For producers.
extension Log {
  /// A new producer. `wakeUp` is signalled when its records have become durable.
  /// - Parameter alsoWhenRefusing: its records are taken even while the log refuses, as long as the disk has room. For what
  ///   a consumer must write to be able to go on: if that had to wait for room, it would wait for the consumer.
  /// - Parameter sharers: how many producers have the commit buffer between them: each an equal part of it.
  package func makeAppender(wakeUp: WakeUp? = nil, alsoWhenRefusing: Bool = false, sharers: Int = 1) -> Appender {
    Appender(queue: queue, wakeUp: wakeUp, alsoWhenRefusing: alsoWhenRefusing, sharers: sharers)
  }

  /// Whether nothing is acknowledged at the moment, since the log or the disk is full. Producers should stop reading.
  package var isRefusing: Bool { state.isRefusing }

  /// Why; nil: records are taken.
  package var refusal: LogRefusal? { state.currentRefusal }

  /// Has `wakeUp` signalled each time the log begins or ceases to refuse, until `offRefusal`.
  package func onRefusal(_ wakeUp: WakeUp) { state.onRefusal(wakeUp) }

  package func offRefusal(_ wakeUp: WakeUp) { state.offRefusal(wakeUp) }

  /// From now on nobody waits for room: who does while the log refuses gets `StorageError.ended`. The first thing to do when
  /// everything is to stop.
  package func endWaiting() {
    queue.endWaiting()
  }

  /// Commits what has been handed over, in the caller's thread: for simulations, with `startsThreads: false`.
  /// - Returns: false once the log has failed.
  package func commitStep() -> Bool {
    committer.step()
  }

  /// Does one piece of what the sealer does, in the caller's thread: for simulations, with `startsThreads: false`, and
  /// tools. What lost records waits for a commit before it is put in place.
  /// - Returns: false where there is nothing to do.
  package func sealStep() -> Bool {
    sealer.step()
  }

  /// Commits what has been handed over, closes the newest segment and gives the directory up. Producers must have
  /// stopped. Does nothing the second time.
  package func close() {
    guard lock.withLock({ $0 != nil }) else { return }
    state.segments.close()
    if let sealing = sealThread.withLock({ $0.take() }) { sealing.join() }
    queue.close()
    if let committing = commitThread.withLock({ $0.take() }) {
      committing.join()
    } else if committer.step() {
      committer.end()
    }
    lock.withLock { $0 = nil }
  }
}

// For consumers.
extension Log {
  /// The offset behind the last record that is on disk.
  package var durableEnd: Offset { state.segments.durableEnd }

  /// The offset behind the last record on disk whose producer has been told so: for a moment less than `durableEnd`.
  package var toldEnd: Offset { queue.toldEnd }

  /// The offset of the oldest record still kept.
  package var startOffset: Offset { state.segments.startOffset }

  /// Has `wakeUp` signalled each time `durableEnd` has moved, until `unfollow`.
  package func follow(_ wakeUp: WakeUp) {
    state.follow(wakeUp)
  }

  package func unfollow(_ wakeUp: WakeUp) {
    state.unfollow(wakeUp)
  }

  /// A reader of durable records from `offset` on (moved up to `startOffset` where it is below).
  package func makeReader(at offset: Offset) -> LogReader {
    LogReader(state.segments, directory: state.directory, disk: state.disk, at: offset)
  }

  /// The durable cursor of the consumer called `name` (`route/siren`, `uplink/centre`), made at `first` if there is none. What it has still to get and the log no longer has is said in a gap record.
  package func openCursor(_ name: String, startingAt first: Offset = 0) throws(StorageError) -> Cursor {
    let cursor = try Cursor.open(
      name, startingAt: first, within: startOffset...max(startOffset, durableEnd), directory: state.directory.cursors,
      disk: state.disk, consumers: state.consumers)
    if let missed = cursor.missed {
      // Dropped while nobody had the cursor open; perhaps said before, rather twice than never.
      let place = "offsets \(missed.lowerBound) to \(missed.upperBound - 1), not consumed by \(name)"
      queue.add(
        GapRecord(.retention, count: missed.count, place: place),
        at: Timestamp(milliseconds: state.time.wallMilliseconds()))
    }
    return cursor
  }
}

// For those who watch.
extension Log {
  package var segments: [SegmentList.Segment] { state.segments.all }

  package var metrics: LogMetrics { state.metrics }

  /// Records that have been handed over and are not yet on disk.
  package var waitingRecords: Int { queue.waitingRecords.load(ordering: .relaxed) }

  package var sealingMetrics: SealingMetrics { state.sealingMetrics }

  /// Why nothing is acknowledged any more, or nil. Final: the process must end and recover.
  package var failure: StorageError? { state.failure }

  /// Has `wakeUp` signalled when the log fails.
  package func onFailure(_ wakeUp: WakeUp) {
    state.onFailure(wakeUp)
  }
}
