import Bytes
import Platform
package import Records
import Synchronization

/// One producer's end of the log. Records are encoded at once into the producer's open batch; `flush()` at the end of a
/// turn hands the batch to the commit, across the thread boundary once a batch and never once a message.
///
/// While a commit is under way, what was handed over and not yet taken is taken back and added to: what arrives during
/// one fdatasync is one batch. One owner, one thread; `wakeUp` is signalled when `durableTickets` has moved.
package struct Appender: ~Copyable, Sendable {
  private let queue: CommitQueue
  private let producer: Producer
  private var open: PendingBatch
  private var nextTicket: UInt64 = 0

  /// A batch is handed over when it has grown to this, even within a turn.
  static let targetBatchBytes = 1 << 20

  init(queue: CommitQueue, wakeUp: WakeUp?, alsoWhenRefusing: Bool) {
    self.queue = queue
    producer = Producer(wakeUp: wakeUp, alsoWhenRefusing: alsoWhenRefusing)
    open = queue.makeBatch()
  }

  /// How many records appended through this end are on disk: a record is durable once its ticket is below.
  package var durableTickets: UInt64 { producer.durableTickets.load(ordering: .acquiring) }

  /// Tickets given out so far.
  package var appendedTickets: UInt64 { nextTicket }

  /// False while so much waits for the commit that the producer must stop reading its sockets. True again at the latest
  /// at the next wake-up.
  package var hasRoom: Bool {
    producer.waitingBytes.load(ordering: .relaxed) + open.builder.byteCount < queue.commitBufferBytes
  }

  /// Encodes one record into the open batch. Allocates nothing once the batch has its working size.
  /// - Parameters:
  ///   - topic: UTF-8, checked by the caller.
  ///   - timestamp: the time of receipt.
  /// - Returns: the record's ticket: it is on disk once `durableTickets` is larger.
  @discardableResult
  package mutating func append(
    topic: RawSpan, payload: RawSpan, at timestamp: Timestamp, headerCount: Int, headerBytes: RawSpan
  ) -> UInt64 {
    if open.builder.isEmpty { takeBack() }
    if open.builder.byteCount >= Self.targetBatchBytes { flush() }
    open.builder.append(
      topic: topic, payload: payload, at: timestamp, headerCount: headerCount, headerBytes: headerBytes)
    defer { nextTicket += 1 }
    return nextTicket
  }

  @discardableResult
  package mutating func append(
    topic: RawSpan, payload: RawSpan, at timestamp: Timestamp, headers: RecordHeaders = .none
  ) -> UInt64 {
    append(
      topic: topic, payload: payload, at: timestamp, headerCount: headers.count, headerBytes: headers.bytes.span.bytes)
  }

  @discardableResult
  package mutating func append(_ gap: GapRecord, at timestamp: Timestamp) -> UInt64 {
    append(topic: Topic.gap.utf8.span.bytes, payload: gap.payload.span.bytes, at: timestamp)
  }

  /// Hands everything appended to the commit. Returns at once.
  package mutating func flush() {
    guard !open.builder.isEmpty else { return }
    open.producer = producer
    open.endTicket = nextTicket
    producer.waitingBytes.add(open.builder.byteCount, ordering: .relaxed)
    open = queue.handOver(open)
  }

  /// Flushes, and sleeps until everything appended is on disk. For producers that have nothing else to do.
  package mutating func flushAndWait() throws(StorageError) {
    flush()
    try queue.waitUntilDurable(producer, nextTicket)
  }

  private mutating func takeBack() {
    guard let batch = queue.takeBack(of: producer, insteadOf: open) else { return }
    producer.waitingBytes.subtract(batch.builder.byteCount, ordering: .relaxed)
    open = batch
  }
}

/// What the commit knows of a producer.
final class Producer: Sendable {
  let durableTickets = Atomic<UInt64>(0)
  let waitingBytes = Atomic<Int>(0)
  let wakeUp: WakeUp?
  /// Its records are taken even while the log refuses.
  let alsoWhenRefusing: Bool

  init(wakeUp: WakeUp?, alsoWhenRefusing: Bool) {
    self.wakeUp = wakeUp
    self.alsoWhenRefusing = alsoWhenRefusing
  }
}

/// A batch on its way from a producer to the commit. Whoever holds it, the producer, the queue or the commit, has it alone.
final class PendingBatch: @unchecked Sendable {
  // Unchecked: handed on, never shared, under the queue's lock.
  var builder: RecordBatchBuilder
  var producer: Producer?
  /// The producer's ticket behind the last record.
  var endTicket: UInt64 = 0
  /// Taken even while the log refuses: as the producer says; the log's own, which has none, always.
  var passesRefusal: Bool { producer?.alsoWhenRefusing ?? true }

  init(capacity: Int) {
    builder = RecordBatchBuilder(capacity: capacity)
  }
}
