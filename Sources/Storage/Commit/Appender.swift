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
  private let roomBytes: Int
  private var open: PendingBatch
  private var nextTicket: UInt64 = 0
  /// What was handed over last may be taken back and added to.
  private var takesBack = true

  /// A batch is handed over when it has grown to this, even within a turn.
  static let targetBatchBytes = 1 << 20

  init(queue: CommitQueue, wakeUp: WakeUp?, alsoWhenRefusing: Bool, sharers: Int = 1) {
    self.queue = queue
    roomBytes = queue.commitBufferBytes / sharers
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
    producer.waitingBytes.load(ordering: .relaxed) + open.builder.byteCount < roomBytes
  }

  /// Where in the log its records are, as far as `notePlace` has asked for that.
  package var places: RecordPlaces { producer.places }

  /// Encodes one record into the open batch. Allocates nothing once the batch has its working size.
  /// - Parameters:
  ///   - topic: UTF-8, checked by the caller.
  ///   - timestamp: the time of receipt.
  /// - Returns: the record's ticket: it is on disk once `durableTickets` is larger.
  @discardableResult
  package mutating func append(
    topic: RawSpan, payload: RawSpan, at timestamp: Timestamp, headerCount: Int, headerBytes: RawSpan
  ) -> UInt64 {
    if open.builder.isEmpty, takesBack { takeBack() }
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

  /// Has `places` tell where the record that was appended last is, once it is on disk.
  package mutating func notePlace() {
    open.notesPlace = true
  }

  /// Hands everything appended to the commit, to stay there: what any producer hands over from now on is behind it in the
  /// log.
  package mutating func settle() {
    flush()
    takesBack = false
  }

  /// Hands everything appended to the commit. Returns at once.
  package mutating func flush() {
    guard !open.builder.isEmpty else { return }
    takesBack = true
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
  let places = RecordPlaces()
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
  /// Somebody wants to know where its records are.
  var notesPlace = false
  /// As the commit has given it.
  var baseOffset: Offset = 0
  /// Taken even while the log refuses: as the producer says; the log's own, which has none, always.
  var passesRefusal: Bool { producer?.alsoWhenRefusing ?? true }

  init(capacity: Int) {
    builder = RecordBatchBuilder(capacity: capacity)
  }

  /// Empties it, for use by any producer.
  func reset() {
    builder.reset()
    producer = nil
    notesPlace = false
  }
}
