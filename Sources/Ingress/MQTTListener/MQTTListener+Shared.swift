import Bytes
import Platform
import Records
import Storage
import Wire

// Shared subscriptions: each group reads the log by itself, and hands every record to one of its members.
extension MQTTListener {
  private static let budgetBytesPerGroup = 128 << 10

  /// More groups than these are refused: each keeps a place in the log, and a file open while it reads.
  static let maxGroups = 256

  /// The connection becomes a member of the subscription's group, which is made where there are not too many.
  func join(_ subscription: MQTTSubscription, _ group: [UInt8], _ connection: MQTTConnection, _ log: Log) {
    let key = SharedGroup.Key(group: group, filter: subscription.filter)
    guard let shared = findOrMakeGroup(key, at: log.durableEnd) else { return }
    shared.add(.init(connection: connection.id, subscription: subscription))
    shared.absent.remove(connection.session.clientID)
    hasMoreToDeliver = true
  }

  /// The group of that key, made where there is room for it.
  func findOrMakeGroup(_ key: SharedGroup.Key, at offset: Offset) -> SharedGroup? {
    if let group = groups[key] { return group }
    guard groups.count < Self.maxGroups else { return nil }
    let group = SharedGroup(key, at: offset)
    groups[key] = group
    return group
  }

  /// The connection is no member any more.
  /// - Parameter isComing: its session is kept, and with it the group.
  func leave(_ subscription: MQTTSubscription, _ group: [UInt8], _ connection: MQTTConnection, isComing: Bool = false) {
    let key = SharedGroup.Key(group: group, filter: subscription.filter)
    guard let shared = groups[key] else { return }
    shared.remove(connection.id)
    if isComing { shared.absent.insert(connection.session.clientID) }
    if shared.isUnused { groups[key] = nil }
  }

  /// Hands on to every group what has become durable.
  func deliverToGroups(_ context: inout LoopContext) {
    for group in groups.values where !group.isBlocked && !group.members.isEmpty && group.next < context.log.durableEnd {
      deliver(to: group, &context)
    }
  }

  private func deliver(to group: SharedGroup, _ context: inout LoopContext) {
    var reader = group.reader.take() ?? context.log.makeReader(at: group.next)
    var budget = Self.budgetBytesPerGroup
    var next = group.next
    let skipped = reader.skippedRecords
    do throws(StorageError) {
      while budget > 0 {
        guard let record = try reader.next() else {
          next = reader.position
          break
        }
        budget -= record.topic.byteCount + record.payload.byteCount + Self.recordOverheadBytes
        next = record.offset
        guard !group.key.filter.matches(record.topic) || hand(record, to: group, context.timestamp) else {
          group.isBlocked = true
          break
        }
        next += 1
      }
    } catch {
      Journal.error("mqtt: a shared subscription misses records from \(reader.position) on: \(error)")
      reader.seek(to: context.log.durableEnd)
      next = reader.position
    }
    noteSkipped(reader.skippedRecords - skipped, by: "the shared subscription `\(group.key.filter)`", context.now)
    if group.isBlocked { reader.seek(to: next) }
    if budget <= 0 { hasMoreToDeliver = true }
    group.next = next
    group.reader = consume reader
  }

  /// False where no member can take more.
  private func hand(_ record: borrowing Record, to group: SharedGroup, _ now: Timestamp) -> Bool {
    let member = group.takeTurn { member in connections[member.connection].map { canTakeMore($0) } ?? false }
    guard let member, let connection = connections[member.connection] else { return false }
    connection.match.begin(record.offset)
    connection.match.add(member.subscription)
    deliver(record, MessageOrigin(record), to: connection, now)
    return true
  }

  /// The connection can take more: its groups may go on.
  func unblockGroups(of connection: MQTTConnection) {
    guard !groups.isEmpty else { return }
    for subscription in connection.session.subscriptions {
      guard let name = subscription.group,
        let group = groups[SharedGroup.Key(group: name, filter: subscription.filter)], group.isBlocked
      else { continue }
      group.isBlocked = false
      hasMoreToDeliver = true
    }
  }
}
