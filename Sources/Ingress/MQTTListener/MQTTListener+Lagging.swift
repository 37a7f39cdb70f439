import Platform
import Records
import Storage
import Wire

// Subscribers that do not keep up: each reads the log by itself, as fast as it takes what it is sent.
extension MQTTListener {
  /// Bytes of records that one turn goes through, for each of them.
  private static let budgetBytesPerLagging = 128 << 10
  private static let rejoinNanoseconds: Int64 = 2_000_000_000
  /// More subscribers than these may lag; but no more read at the same time.
  private var maxLagReaders: Int { max(32 / common.threads, 4) }

  /// The subscriber has read or acknowledged something.
  func unblock(_ connection: MQTTConnection) {
    if !connection.waitingRetained.isEmpty { hasMoreToDeliver = true }
    unblockGroups(of: connection)
    guard connection.lag?.isBlocked == true, canTakeMore(connection) else { return }
    connection.lag?.isBlocked = false
    // It goes on in this turn's delivery or, where that is over, in the next.
    hasMoreToDeliver = true
  }

  /// Lets go on who did not wait for itself but for memory that others took.
  func unblockThoseThatMay() {
    for connection in lagging where connection.lag?.isBlocked == true { unblock(connection) }
    for group in groups.values where group.isBlocked {
      guard group.members.contains(where: { connections[$0.connection].map { canTakeMore($0) } ?? false }) else {
        continue
      }
      group.isBlocked = false
      hasMoreToDeliver = true
    }
  }

  /// One step of a subscriber that is behind.
  func catchUp(_ connection: MQTTConnection, _ context: inout LoopContext) {
    // What it has not acknowledged in its last connection counts, and retained messages go before.
    guard canTakeMore(connection) else {
      connection.lag?.isBlocked = true
      connection.lag?.lastBlocked = context.now
      return
    }
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
    guard openLagReaders < maxLagReaders, !hasOpenedReader else {
      isReaderWanted = true
      return nil
    }
    openLagReaders += 1
    hasOpenedReader = true
    return log.makeReader(at: offset)
  }

  /// Where no reader is free, takes one away from who has had it longest, so that it is somebody else's turn.
  func passOnReader() {
    hasMoreToDeliver = true
    guard openLagReaders >= maxLagReaders,
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
