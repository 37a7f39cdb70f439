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

  func change(_ changes: [MQTTSubscriptionChange], of connection: MQTTConnection, _ context: inout LoopContext) {
    for change in changes {
      if let previous = change.previous { remove(previous, of: connection) }
      let subscriber = Subscriber(slot: connection.id.slot, qos: change.subscription.qos)
      if subscribers.insert(subscriber, at: change.subscription.filter) { status.subscriptions += 1 }
    }
    guard tail == nil, !subscribers.isEmpty else { return }
    // First the wake-ups, then the place: nothing falls between them.
    context.log.follow(context.wakeUp)
    tailPosition = context.log.durableEnd
    tail = context.log.makeReader(at: tailPosition)
  }

  func remove(_ subscription: MQTTSubscription, of connection: MQTTConnection) {
    let subscriber = Subscriber(slot: connection.id.slot, qos: subscription.qos)
    if subscribers.remove(subscriber, at: subscription.filter) { status.subscriptions -= 1 }
  }

  /// Without subscribers nothing is read.
  func forgetTailIfUnused(_ context: inout LoopContext) {
    guard subscribers.isEmpty, tail != nil else { return }
    context.log.unfollow(context.wakeUp)
    tail = nil
  }

  /// Hands on what has become durable.
  func deliver(_ context: inout LoopContext) {
    hasMoreToDeliver = false
    guard tail != nil else { return }
    if tailPosition < context.log.durableEnd { deliverToThoseThatKeepUp(&context) }
    isReaderWanted = false
    hasOpenedReader = false
    for connection in lagging where connection.lag?.isBlocked == false { catchUp(connection, &context) }
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
        deliver(record, now: context.now)
      }
    } catch {
      Journal.error("mqtt: subscribers miss records \(reader.position) to \(context.log.durableEnd - 1): \(error)")
      reader.seek(to: context.log.durableEnd)
    }
    if budget <= 0 { hasMoreToDeliver = true }
    tailPosition = reader.position
    tail = consume reader
  }

  private func deliver(_ record: borrowing Record, now: Int64) {
    let offset = record.offset
    matches.removeAll(keepingCapacity: true)
    subscribers.forEachMatch(record.topic) { subscriber in
      guard let connection = connections[slot: subscriber.slot], connection.lag == nil else { return }
      if connection.matchedOffset == offset {
        connection.matchedQoS = max(connection.matchedQoS, subscriber.qos)
      } else {
        connection.matchedOffset = offset
        connection.matchedQoS = subscriber.qos
        matches.append(connection)
      }
    }
    for connection in matches {
      if canTakeMore(connection) {
        deliver(record, to: connection, connection.matchedQoS)
      } else {
        connection.lag = MQTTConnection.Lag(next: offset, isBlocked: true, lastBlocked: now)
        lagging.append(connection)
      }
    }
  }

  /// The subscriber must be able to take more.
  private func deliver(_ record: borrowing Record, to connection: MQTTConnection, _ qos: MQTTQoS) {
    let isDelivered = connection.session.deliver(
      topic: record.topic, payload: record.payload, qos: qos, to: &connection.output)
    precondition(isDelivered)
    account(connection)
    status.deliveries += 1
    markDirty(connection)
  }

  /// The subscriber has read or acknowledged something.
  func unblock(_ connection: MQTTConnection) {
    guard connection.lag?.isBlocked == true, canTakeMore(connection) else { return }
    connection.lag?.isBlocked = false
    // It goes on in this turn's delivery or, where that is over, in the next.
    hasMoreToDeliver = true
  }

  /// One step of a subscriber that is behind.
  private func catchUp(_ connection: MQTTConnection, _ context: inout LoopContext) {
    guard var lag = connection.lag, var reader = takeReader(connection, at: lag.next, context.log) else { return }
    var budget = Self.budgetBytesPerLagging
    var isAtEnd = false
    do throws(StorageError) {
      while budget > 0, !lag.isBlocked, !isAtEnd {
        guard let record = try reader.next() else {
          isAtEnd = true
          break
        }
        budget -= record.topic.byteCount + record.payload.byteCount + Self.recordOverheadBytes
        guard let qos = connection.session.deliveryQoS(of: record.topic) else { continue }
        deliver(record, to: connection, qos)
        lag.isBlocked = !canTakeMore(connection)
      }
    } catch {
      Journal.error("mqtt: \(connection.name) misses records from \(reader.position) on: \(error)")
      reader.seek(to: context.log.durableEnd)
    }
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
