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
  /// Bytes of records that one turn goes through, for all that keep up and for each that does not.
  private static let budgetBytes = 512 << 10
  private static let budgetBytesPerLagging = 128 << 10
  private static let recordOverheadBytes = 64
  /// More subscribers than these may lag; but no more read at the same time.
  private static let maxLagReaders = 32
  private static let rejoinNanoseconds: Int64 = 2_000_000_000

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
    if tailPosition < context.log.durableEnd { deliverToThoseThatKeepUp(&context) }
    isReaderWanted = false
    hasOpenedReader = false
    for connection in lagging where connection.lag?.isBlocked == false { catchUp(connection, &context) }
    deliverToGroups(&context)
    lagging.removeAll { $0.lag == nil }
    if isReaderWanted { passOnReader() }
    status.laggingSubscribers = lagging.count
  }

  private func deliverToThoseThatKeepUp(_ context: inout LoopContext) {
    guard var reader = tail.take() else { return }
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

  /// The subscriber has read or acknowledged something.
  func unblock(_ connection: MQTTConnection) {
    if !connection.waitingRetained.isEmpty { hasMoreToDeliver = true }
    unblockGroups(of: connection)
    guard connection.lag?.isBlocked == true, canTakeMore(connection) else { return }
    connection.lag?.isBlocked = false
    // It goes on in this turn's delivery or, where that is over, in the next.
    hasMoreToDeliver = true
  }

  /// One step of a subscriber that is behind.
  private func catchUp(_ connection: MQTTConnection, _ context: inout LoopContext) {
    guard var lag = connection.lag, var reader = takeReader(connection, at: lag.next, context.log) else { return }
    var budget = Self.budgetBytesPerLagging
    let skipped = reader.skippedRecords
    var isAtEnd = false
    do throws(StorageError) {
      while budget > 0, !lag.isBlocked, !isAtEnd {
        guard let record = try reader.next() else {
          isAtEnd = true
          break
        }
        budget -= record.topic.byteCount + record.payload.byteCount + Self.recordOverheadBytes
        let origin = MessageOrigin(record)
        guard match(record, origin, connection) else { continue }
        deliver(record, origin, to: connection, context.timestamp)
        lag.isBlocked = !canTakeMore(connection)
      }
    } catch {
      Journal.error("mqtt: \(connection.name) misses records from \(reader.position) on: \(error)")
      reader.seek(to: context.log.durableEnd)
    }
    noteSkipped(reader.skippedRecords - skipped, by: connection.name, context.now)
    lag.next = reader.position
    if lag.isBlocked { lag.lastBlocked = context.now }
    if isAtEnd, lag.next == tailPosition, context.now - lag.lastBlocked > Self.rejoinNanoseconds {
      openLagReaders -= 1
      connection.lag = nil
      return
    }
    if budget <= 0, !lag.isBlocked { hasMoreToDeliver = true }
    connection.lag = lag
    connection.lagReader = consume reader
  }

  /// Counts records that the log had no more when a subscriber came to them, whether it wanted them or not.
  func noteSkipped(_ count: Int, by subscriber: @autoclosure () -> String, _ now: Int64) {
    guard count > 0 else { return }
    status.skippedRecords += count
    complain("\(subscriber()) comes too late for \(count) records, which the log does not have any more", now)
  }

  /// Which of the client's subscriptions match the record; false where none does.
  private func match(
    _ record: borrowing Record, _ origin: borrowing MessageOrigin, _ connection: MQTTConnection
  ) -> Bool {
    connection.match.begin(record.offset)
    var isMatched = false
    for subscription in connection.session.subscriptions
    where subscription.group == nil && subscription.filter.matches(record.topic) {
      if subscription.noLocal, origin.isFrom(connection.session.clientID) { continue }
      connection.match.add(subscription)
      isMatched = true
    }
    return isMatched
  }

  /// The subscriber's own reader; nil where it has none and must wait for one.
  private func takeReader(_ connection: MQTTConnection, at offset: Offset, _ log: Log) -> LogReader? {
    if let reader = connection.lagReader.take() { return reader }
    // To find the place takes a while: so once a turn, between which sockets are read.
    guard openLagReaders < Self.maxLagReaders, !hasOpenedReader else {
      isReaderWanted = true
      return nil
    }
    openLagReaders += 1
    hasOpenedReader = true
    return log.makeReader(at: offset)
  }

  /// Where no reader is free, takes one away from who has had it longest, so that it is somebody else's turn.
  private func passOnReader() {
    hasMoreToDeliver = true
    guard openLagReaders >= Self.maxLagReaders,
      let index = lagging.firstIndex(where: { $0.lagReader != nil })
    else { return }
    let connection = lagging.remove(at: index)
    connection.lagReader = nil
    openLagReaders -= 1
    lagging.append(connection)
  }

  /// The connection closes.
  func leaveLag(_ connection: MQTTConnection) {
    connection.lag = nil
    if connection.lagReader != nil { openLagReaders -= 1 }
    connection.lagReader = nil
    lagging.removeAll { $0 === connection }
  }
}
