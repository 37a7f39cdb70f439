import Records
import Storage
import Wire

/// The members of one shared subscription, `$share/GROUP/FILTER`: each message goes to one of them, in turn.
///
/// A consumer like any other: it has one place in the log, which waits while none of its members can take more or none is
/// connected, and is forgotten with its last member. One thread.
final class SharedGroup {
  struct Key: Hashable {
    let group: [UInt8]
    let filter: TopicFilter
  }

  struct Member {
    let connection: ConnectionID
    let subscription: MQTTSubscription
  }

  let key: Key
  /// Those that are connected.
  private(set) var members: [Member] = []
  /// Clients that will come back.
  var absent: Set<[UInt8]> = []
  /// The record it needs next.
  var next: Offset {
    didSet { if next != oldValue { isUnsaved = true } }
  }
  /// No member can take more.
  var isBlocked = false
  var reader: LogReader?
  /// Its place has changed since it was written down.
  var isUnsaved = true

  private var turn = 0

  init(_ key: Key, at next: Offset) {
    self.key = key
    self.next = next
  }

  var isUnused: Bool { members.isEmpty && absent.isEmpty }

  func add(_ member: Member) {
    members.removeAll { $0.connection == member.connection }
    members.append(member)
    isBlocked = false
  }

  func remove(_ connection: ConnectionID) {
    members.removeAll { $0.connection == connection }
  }

  /// The next member in turn that can take more; nil where none can.
  func takeTurn(_ canTakeMore: (Member) -> Bool) -> Member? {
    for step in 0..<members.count {
      let index = (turn + step) % members.count
      guard canTakeMore(members[index]) else { continue }
      turn = index + 1
      return members[index]
    }
    return nil
  }
}
