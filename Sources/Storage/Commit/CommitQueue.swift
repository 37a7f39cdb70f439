import Platform
import Records
import Synchronization

/// The hand-over between producers and the commit: batches that wait, in the order they were handed over.
final class CommitQueue: Sendable {
  let commitBufferBytes: Int

  private let state = Condition(State())
  /// Signalled when a commit has ended: for producers that wait for it.
  private let committed = Condition(Progress())

  /// Records handed over and not yet known to be on disk.
  let waitingRecords = Atomic(0)
  private let told: Atomic<Offset>

  private struct State {
    var waiting: [PendingBatch] = []
    /// Between the commit's taking a batch and its coming back for more.
    var isCommitting = false
    var isClosed = false
    /// While the log refuses, only what passes the refusal is taken.
    var isRefusing = false
    var spares: [PendingBatch] = []
  }

  private struct Progress {
    var failure: StorageError?
    var isRefusing = false
    /// Nobody waits for room any more.
    var isEnding = false
  }

  /// What a sleep of the commit's ended with.
  enum Taken {
    case batches
    case timeUp
    /// The queue is closed, and everything that may be taken has been.
    case closed
  }

  private static let spareBatches = 4
  private static let initialBatchBytes = 64 << 10
  /// A batch that one large record has blown up beyond this is not kept for use again.
  private static let largestSpareBytes = 4 << 20

  /// - Parameter end: behind the last record of the log.
  init(commitBufferBytes: Int, end: Offset) {
    self.commitBufferBytes = commitBufferBytes
    told = Atomic(end)
  }

  /// An empty batch, used before where there is one.
  func makeBatch() -> PendingBatch {
    state.withLock { $0.spares.popLast() } ?? PendingBatch(capacity: Self.initialBatchBytes)
  }

  /// Queues `batch` and returns an empty one to go on with.
  func handOver(_ batch: PendingBatch) -> PendingBatch {
    waitingRecords.add(batch.builder.recordCount, ordering: .relaxed)
    let (spare, isIdle) = state.withLock { state in
      state.waiting.append(batch)
      return (state.spares.popLast(), !state.isCommitting || batch.passesRefusal)
    }
    if isIdle { state.signal() }
    return spare ?? PendingBatch(capacity: Self.initialBatchBytes)
  }

  /// Queues a record of the log's own, which nobody waits for.
  func add(_ gap: GapRecord, at timestamp: Timestamp) {
    let batch = makeBatch()
    batch.builder.append(topic: Topic.gap.utf8.span.bytes, payload: gap.payload.span.bytes, at: timestamp)
    _ = handOver(batch)
  }

  /// Gives back the producer's last batch if a commit is under way and nobody has taken it, and keeps `empty` for later. What
  /// other producers have handed over meanwhile is before it then.
  func takeBack(of producer: Producer, insteadOf empty: PendingBatch) -> PendingBatch? {
    state.withLock { state in
      guard state.isCommitting, let index = state.waiting.lastIndex(where: { $0.producer === producer }) else {
        return nil
      }
      let last = state.waiting[index]
      guard last.builder.byteCount < Appender.targetBatchBytes / 2 else { return nil }
      state.waiting.remove(at: index)
      waitingRecords.subtract(last.builder.recordCount, ordering: .relaxed)
      state.spares.append(empty)
      return last
    }
  }

  /// Sleeps until there are batches, for `milliseconds` at the most, and moves all of them into `batches`, which must be
  /// empty.
  func take(into batches: inout [PendingBatch], milliseconds: Int) -> Taken {
    let taken = state.wait(milliseconds: milliseconds) { state -> Taken? in
      // What must wait while the log refuses goes on being added to, as during a commit.
      state.isCommitting = state.isRefusing
      Self.move(&state, into: &batches)
      guard batches.isEmpty else {
        state.isCommitting = true
        return .batches
      }
      return state.isClosed ? .closed : nil
    }
    return taken ?? .timeUp
  }

  /// The same without sleeping: false when nothing waits.
  func takeWaiting(into batches: inout [PendingBatch]) -> Bool {
    state.withLock { state in
      let before = batches.count
      Self.move(&state, into: &batches)
      return batches.count > before
    }
  }

  private static func move(_ state: inout State, into batches: inout [PendingBatch]) {
    guard state.isRefusing else {
      if batches.isEmpty { return swap(&state.waiting, &batches) }
      batches += state.waiting
      state.waiting.removeAll(keepingCapacity: true)
      return
    }
    guard state.waiting.contains(where: \.passesRefusal) else { return }
    batches += state.waiting.filter(\.passesRefusal)
    state.waiting.removeAll(where: \.passesRefusal)
  }

  /// Tells the producers of `batches` that their records are on disk, and takes the batches back for use again.
  /// - Parameter end: behind the last of the records.
  func finish(_ batches: inout [PendingBatch], end: Offset) {
    for batch in batches { waitingRecords.subtract(batch.builder.recordCount, ordering: .relaxed) }
    for batch in batches {
      guard let producer = batch.producer else { continue }
      producer.waitingBytes.subtract(batch.builder.byteCount, ordering: .relaxed)
      if batch.notesPlace {
        let count = batch.builder.recordCount
        producer.places.note(
          endTicket: batch.endTicket, endOffset: batch.baseOffset + Offset(count), count: count)
      }
      producer.durableTickets.store(batch.endTicket, ordering: .releasing)
    }
    tell(end)
    for batch in batches { batch.producer?.wakeUp?.signal() }
    state.withLock { state in
      for batch in batches where batch.builder.byteCount <= Self.largestSpareBytes {
        guard state.spares.count < Self.spareBatches else { break }
        batch.reset()
        state.spares.append(batch)
      }
    }
    batches.removeAll(keepingCapacity: true)
    committed.withLock { _ in }
    committed.broadcast()
  }

  /// The offset behind the records whose producers have all been told that they are on disk.
  var toldEnd: Offset { told.load(ordering: .acquiring) }

  /// What is on disk below `end`, its producers know of, or are no more.
  func tell(_ end: Offset) {
    told.store(end, ordering: .releasing)
  }

  /// Wakes everybody who waits for a commit that will not come.
  func fail(_ error: StorageError) {
    committed.withLock { $0.failure = error }
    committed.broadcast()
  }

  func waitUntilDurable(_ producer: Producer, _ ticket: UInt64) throws(StorageError) {
    let outcome: Result<Void, StorageError> = committed.wait { progress in
      if producer.durableTickets.load(ordering: .acquiring) >= ticket { return .success(()) }
      if let failure = progress.failure { return .failure(failure) }
      return progress.isRefusing && progress.isEnding ? .failure(.ended) : nil
    }
    try outcome.get()
  }

  /// From now on only what passes the refusal is taken, or everything again.
  func setRefusing(_ isRefusing: Bool) {
    state.withLock { $0.isRefusing = isRefusing }
    committed.withLock { $0.isRefusing = isRefusing }
    committed.broadcast()
  }

  /// Ends the waiting of producers while the log refuses, now and later.
  func endWaiting() {
    committed.withLock { $0.isEnding = true }
    committed.broadcast()
  }

  /// Lets the commit end once it has taken everything.
  func close() {
    state.withLock { $0.isClosed = true }
    state.signal()
  }
}
