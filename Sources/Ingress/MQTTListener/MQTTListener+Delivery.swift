import Bytes
import Platform
import Records
import Storage
import Wire

// Live delivery: subscribers follow the log, as every consumer does, so nothing reaches them before it is durable.
//
// Those that keep up share one reader. One that cannot take more is left behind: it notes which record it needs next and
// reads the log by itself once it can, within a budget, so neither ingest nor the other subscribers wait for it and no
// queue grows. It joins the others again when it has not been blocked for a while.
extension MQTTListener {
  /// Bytes of records that one turn goes through.
  private static let budgetBytes = 512 << 10
  static let recordOverheadBytes = 64

  /// Has what the subscription matches delivered from now on.
  func enter(_ subscription: MQTTSubscription, _ connection: MQTTConnection, _ context: inout LoopContext) {
    if let group = subscription.group {
      join(subscription, group, connection, context.log)
    } else if subscribers.insert(Subscriber(connection.id, subscription), at: subscription.filter) {
      status.subscriptions += 1
      if subscription.noLocal { noLocalSubscriptions += 1 }
    }
    follow(&context)
  }

  private func follow(_ context: inout LoopContext) {
    guard !isFollowing else { return }
    isFollowing = true
    // First the wake-ups, then the place: nothing falls between them.
    context.log.follow(context.wakeUp)
    tailPosition = context.log.durableEnd
    tail = context.log.makeReader(at: tailPosition)
  }

  /// - Parameter isComing: the session is kept.
  func remove(_ subscription: MQTTSubscription, of connection: MQTTConnection, isComing: Bool = false) {
    if let group = subscription.group {
      leave(subscription, group, connection, isComing: isComing)
    } else if subscribers.remove(Subscriber(connection.id, subscription), at: subscription.filter) {
      status.subscriptions -= 1
      if subscription.noLocal { noLocalSubscriptions -= 1 }
    }
  }

  /// Without subscribers nothing is read.
  func forgetTailIfUnused(_ context: inout LoopContext) {
    guard subscribers.isEmpty, groups.isEmpty, isFollowing else { return }
    context.log.unfollow(context.wakeUp)
    tail = nil
    isFollowing = false
  }

  /// Hands on what has become durable.
  func deliver(_ context: inout LoopContext) {
    hasMoreToDeliver = false
    deliverRetained(&context)
    guard isFollowing else { return }
    keepUp(&context)
    isReaderWanted = false
    hasOpenedReader = false
    for connection in lagging where connection.lag?.isBlocked == false { catchUp(connection, &context) }
    deliverToGroups(&context)
    lagging.removeAll { $0.lag == nil }
    if isReaderWanted { passOnReader() }
    status.laggingSubscribers = lagging.count
  }

  /// Hands on what has become durable to those that keep up.
  func keepUp(_ context: inout LoopContext) {
    guard tailPosition < context.log.durableEnd, var reader = tail.take() else { return }
    var budget = Self.budgetBytes
    do throws(StorageError) {
      while budget > 0 {
        guard let record = try reader.next() else { break }
        budget -= record.topic.byteCount + record.payload.byteCount + Self.recordOverheadBytes
        deliver(record, &context)
      }
    } catch {
      Journal.error("mqtt: subscribers miss records \(reader.position) to \(context.log.durableEnd - 1): \(error)")
      reader.seek(to: context.log.durableEnd)
    }
    if budget <= 0 { hasMoreToDeliver = true }
    tailPosition = reader.position
    tail = consume reader
  }

  private func deliver(_ record: borrowing Record, _ context: inout LoopContext) {
    let offset = record.offset
    let origin = MessageOrigin(record)
    let publisher = noLocalSubscriptions > 0 ? slot(of: origin) : -1
    subscribers.forEachMatch(record.topic) { subscriber in
      guard let connection = connections[slot: subscriber.slot], connection.lag == nil,
        !subscriber.isNoLocal || subscriber.slot != publisher
      else { return }
      if connection.match.offset != offset {
        connection.match.begin(offset)
        matches.append(connection)
      }
      connection.match.add(subscriber.qos, keepsRetain: subscriber.keepsRetain, identifier: subscriber.identifier)
    }
    for connection in matches {
      if canTakeMore(connection) {
        deliver(record, origin, to: connection, context.timestamp)
      } else {
        connection.lag = MQTTConnection.Lag(next: offset, isBlocked: true, lastBlocked: context.now)
        lagging.append(connection)
      }
    }
    // Or the socket of a connection that closes would stay open until the next record.
    matches.removeAll(keepingCapacity: true)
  }

  /// The slot of the client that published it; -1 where it is not connected.
  private func slot(of origin: borrowing MessageOrigin) -> Int {
    guard let clientID = origin.clientID else { return -1 }
    return clients[clientID.array]?.slot ?? -1
  }

  /// Hands the record to a subscriber that can take more, as its `match` says.
  func deliver(
    _ record: borrowing Record, _ origin: borrowing MessageOrigin, to connection: MQTTConnection, _ now: Timestamp
  ) {
    let expiry = origin.expiry(of: record, now)
    guard !expiry.isOver else {
      status.expiredDeliveries += 1
      return
    }
    let outcome = connection.session.deliver(
      record, qos: min(connection.match.qos, origin.qos), isRetained: connection.match.keepsRetain && origin.isRetained,
      subscriptionIDs: connection.match.identifiers, expirySeconds: expiry.remaining, to: &connection.output)
    switch outcome {
    case .sent:
      account(connection)
      connection.deliveries += 1
      connection.isUnsaved = connection.isWrittenDown
      status.deliveries += 1
      markDirty(connection)
    case .windowFull: preconditionFailure("a message for a subscriber that cannot take more")
    case .tooLarge: status.tooLargeDeliveries += 1
    }
  }
}
