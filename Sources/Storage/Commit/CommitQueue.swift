import Platform
import Records
import Synchronization

/// The hand-over between producers and the commit: batches that wait, in the order they were handed over.
final class CommitQueue: Sendable {
  let commitBufferBytes: Int

  private let state = Condition(State())
  /// Signalled when a commit has ended: for producers that wait for it.
  private let committed = Condition(Progress())

  private struct State {
    var waiting: [PendingBatch] = []
    /// Between the commit's taking a batch and its coming back for more.
    var isCommitting = false
    var isClosed = false
    var spares: [PendingBatch] = []
  }

  private struct Progress {
    var failure: StorageError?
  }

  private static let spareBatches = 4
  private static let initialBatchBytes = 64 << 10
  /// A batch that one large record has blown up beyond this is not kept for use again.
  private static let largestSpareBytes = 4 << 20

  init(commitBufferBytes: Int) {
    self.commitBufferBytes = commitBufferBytes
  }

  /// An empty batch, used before where there is one.
  func makeBatch() -> PendingBatch {
    state.withLock { $0.spares.popLast() } ?? PendingBatch(capacity: Self.initialBatchBytes)
  }

  /// Queues `batch` and returns an empty one to go on with.
  func handOver(_ batch: PendingBatch) -> PendingBatch {
    let (spare, isIdle) = state.withLock { state in
      state.waiting.append(batch)
      return (state.spares.popLast(), !state.isCommitting)
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

  /// Gives back the producer's last batch if a commit is under way and nobody has taken it, and keeps `empty` for later.
  func takeBack(of producer: Producer, insteadOf empty: PendingBatch) -> PendingBatch? {
    state.withLock { state in
      guard state.isCommitting, let last = state.waiting.last, last.producer === producer,
        last.builder.byteCount < Appender.targetBatchBytes / 2
      else { return nil }
      state.waiting.removeLast()
      state.spares.append(empty)
      return last
    }
  }

  /// Sleeps until there are batches, and moves all of them into `batches`, which must be empty.
  /// - Returns: false when the queue is closed and everything has been taken.
  func take(into batches: inout [PendingBatch]) -> Bool {
    state.wait { state in
      guard state.waiting.isEmpty else {
        state.isCommitting = true
        swap(&state.waiting, &batches)
        return true
      }
      state.isCommitting = false
      return state.isClosed ? false : nil
    }
  }

  /// The same without sleeping: false when nothing waits.
  func takeWaiting(into batches: inout [PendingBatch]) -> Bool {
    state.withLock { state in
      guard !state.waiting.isEmpty else { return false }
      batches += state.waiting
      state.waiting.removeAll(keepingCapacity: true)
      return true
    }
  }

  /// Tells the producers of `batches` that their records are on disk, and takes the batches back for use again.
  func finish(_ batches: inout [PendingBatch]) {
    for batch in batches {
      guard let producer = batch.producer else { continue }
      producer.waitingBytes.subtract(batch.builder.byteCount, ordering: .relaxed)
      producer.durableTickets.store(batch.endTicket, ordering: .releasing)
    }
    for batch in batches { batch.producer?.wakeUp?.signal() }
    state.withLock { state in
      for batch in batches where batch.builder.byteCount <= Self.largestSpareBytes {
        guard state.spares.count < Self.spareBatches else { break }
        batch.builder.reset()
        batch.producer = nil
        state.spares.append(batch)
      }
    }
    batches.removeAll(keepingCapacity: true)
    committed.withLock { _ in }
    committed.broadcast()
  }

  /// Wakes everybody who waits for a commit that will not come.
  func fail(_ error: StorageError) {
    committed.withLock { $0.failure = error }
    committed.broadcast()
  }

  func waitUntilDurable(_ producer: Producer, _ ticket: UInt64) throws(StorageError) {
    let outcome: Result<Void, StorageError> = committed.wait { progress in
      if producer.durableTickets.load(ordering: .acquiring) >= ticket { return .success(()) }
      return progress.failure.map { .failure($0) }
    }
    try outcome.get()
  }

  var isClosed: Bool { state.withLock { $0.isClosed } }

  /// Lets the commit end once it has taken everything.
  func close() {
    state.withLock { $0.isClosed = true }
    state.signal()
  }
}
