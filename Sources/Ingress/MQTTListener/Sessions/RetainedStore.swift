import Records
import Storage
import Synchronization

/// The retained messages, of all ingress threads. Any thread: retained messages and new subscriptions take its lock, and nobody
/// else.
///
/// What has been handed to the log waits here until it is on disk. Then it becomes its topic's, in the order of the log,
/// whichever thread it came to: so a restart, which reads the log, finds the same. Whoever comes first does it for all.
final class RetainedStore: Sendable {
  fileprivate struct Pending {
    let ticket: UInt64
    var message: OwnedRecord
  }

  fileprivate struct Producer {
    /// Of its records in the log.
    var places: RecordPlaces?
    /// In the order of its tickets.
    var pending: [Pending] = []
  }

  private struct State {
    var messages: RetainedMessages
    var producers: [Producer]
  }

  private let state: Mutex<State>
  private let pendingCount = Atomic(0)
  private let keptCount: Atomic<Int>

  /// - Parameter producers: how many there are, called 0, 1, ….
  init(_ messages: RetainedMessages, producers: Int) {
    state = Mutex(State(messages: messages, producers: Array(repeating: Producer(), count: producers)))
    keptCount = Atomic(messages.count)
  }

  /// To be called before the producer adds anything.
  func setPlaces(_ places: RecordPlaces, of producer: Int) {
    state.withLock { $0.producers[producer].places = places }
  }

  /// Retained messages that are on disk.
  var count: Int { keptCount.load(ordering: .relaxed) }

  /// There are none, and none are coming.
  var isEmpty: Bool { count == 0 && pendingCount.load(ordering: .acquiring) == 0 }

  var all: RetainedMessages { state.withLock { $0.messages } }

  subscript(topic: [UInt8]) -> OwnedRecord? { state.withLock { $0.messages[topic] } }

  /// The topics with retained messages that `filter` matches.
  func topics(matching filter: TopicFilter) -> [[UInt8]] {
    state.withLock { state in
      var topics: [[UInt8]] = []
      state.messages.forEachMatch(filter) { topics.append($0.topic) }
      return topics
    }
  }

  /// A retained message that `producer` has just appended to its open batch, and asked for its place.
  func add(_ message: OwnedRecord, ticket: UInt64, producer: Int) {
    state.withLock { $0.producers[producer].pending.append(Pending(ticket: ticket, message: message)) }
    pendingCount.add(1, ordering: .releasing)
  }

  struct Applied {
    var count = 0
    /// There was no room for them.
    var notKept = 0
  }

  /// Makes what is on disk below `end` its topics'. An empty message takes its topic's away.
  /// - Parameter end: no further than all producers have been told, or a later message might come before an earlier one.
  func apply(below end: Offset) -> Applied {
    guard pendingCount.load(ordering: .acquiring) > 0 else { return Applied() }
    return state.withLock { state in
      var due: [OwnedRecord] = []
      for producer in state.producers.indices { state.producers[producer].takeDue(below: end, into: &due) }
      if state.producers.count > 1 { due.sort { $0.offset < $1.offset } }
      var applied = Applied(count: due.count)
      for message in due where !state.messages.apply(message) { applied.notKept += 1 }
      pendingCount.subtract(due.count, ordering: .relaxed)
      keptCount.store(state.messages.count, ordering: .relaxed)
      return applied
    }
  }
}

extension RetainedStore.Producer {
  fileprivate mutating func takeDue(below end: Offset, into due: inout [OwnedRecord]) {
    var count = 0
    for waiting in pending {
      guard let offset = places?.offset(of: waiting.ticket), offset < end else { break }
      var message = waiting.message
      message.offset = offset
      due.append(message)
      count += 1
    }
    if count > 0 { pending.removeFirst(count) }
  }
}
