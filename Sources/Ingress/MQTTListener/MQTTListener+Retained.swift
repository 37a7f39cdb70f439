import Bytes
import Platform
import Records
import Storage
import Wire

// Retained messages: the last of each topic, for those who subscribe later. Nobody is sent one before it is durable.
extension MQTTListener {
  /// Retained messages that one turn hands to one client.
  private static let messagesPerTurn = 256

  /// Retained messages that a new subscription asks for, and how they are sent.
  struct WaitingRetained {
    let subscription: MQTTSubscription
    /// Its messages are those of the log from here on; what is before is retained, or it does not get it.
    let start: Offset
    /// The client reads the log further back, whatever it has subscribed to.
    let isBehind: Bool
    /// How many of the loop's own records are acknowledged before them: they go behind the SUBACK.
    var ownTickets: UInt64
    /// Their topics: what is retained then is sent, not what was when the client subscribed. Nil: not looked for yet.
    var topics: ArraySlice<[UInt8]>?
  }

  /// A retained message has just been appended to the log.
  func retain(_ message: OwnedRecord, ticket: UInt64, _ context: inout LoopContext) {
    context.appender.notePlace()
    common.retained.add(message, ticket: ticket, producer: index)
  }

  /// Makes those the retained messages that have become durable.
  func applyRetained(_ context: inout LoopContext) {
    let applied = common.retained.apply(below: context.log.toldEnd)
    guard applied.count > 0 else { return }
    common.parts.noteChange()
    guard applied.notKept > 0 else { return }
    complain(
      "a retained message is not kept: raise `mqtt.maxRetained` or `mqtt.maxRetainedBytes`, or clear some", context.now)
  }

  /// Has the retained messages sent that a new or changed subscription asks for.
  func offerRetained(_ change: MQTTSubscriptionChange, _ connection: MQTTConnection, _ context: inout LoopContext) {
    let subscription = change.subscription
    guard subscription.group == nil, subscription.retainHandling != .never,
      subscription.retainHandling == .always || change.previous == nil, !common.retained.isEmpty
    else { return }
    if connection.waitingRetained.isEmpty { retainedWaiters.append(connection) }
    connection.waitingRetained.append(
      WaitingRetained(
        subscription: subscription, start: tailPosition, isBehind: connection.lag != nil,
        ownTickets: connection.isWrittenDown ? context.own.appendedTickets : 0))
  }

  /// Sends what waits, as far as clients can take it.
  func deliverRetained(_ context: inout LoopContext) {
    guard !retainedWaiters.isEmpty else { return }
    for connection in retainedWaiters where !connection.isClosed { deliverRetained(connection, &context) }
    retainedWaiters.removeAll { $0.isClosed || $0.waitingRetained.isEmpty }
  }

  private func deliverRetained(_ connection: MQTTConnection, _ context: inout LoopContext) {
    var budget = Self.messagesPerTurn
    while var waiting = connection.waitingRetained.first, waiting.ownTickets <= acknowledgedOwnTickets {
      guard var topics = waiting.topics ?? findRetained(for: waiting, &context) else { return hasMoreToDeliver = true }
      while let topic = topics.first, budget > 0, canTakeMore(connection) {
        budget -= 1
        topics.removeFirst()
        // What has come since comes as it is, from the log.
        if let message = common.retained[topic], message.offset < waiting.start || waiting.isBehind {
          deliver(message, waiting.subscription, connection, context.timestamp)
        }
      }
      guard topics.isEmpty else {
        waiting.topics = topics
        connection.waitingRetained[0] = waiting
        if budget == 0 { hasMoreToDeliver = true }
        return
      }
      connection.waitingRetained.removeFirst()
    }
  }

  /// The topics of the retained messages that the subscription asks for; nil for the moment in which some message before its
  /// first may not have become its topic's, since the thread to which it came has not been told of it.
  private func findRetained(for waiting: WaitingRetained, _ context: inout LoopContext) -> ArraySlice<[UInt8]>? {
    guard context.log.toldEnd >= waiting.start else { return nil }
    applyRetained(&context)
    return common.retained.topics(matching: waiting.subscription.filter)[...]
  }

  /// If it has to be sent again, the log may have nothing of it any more.
  private func keepInFlight(_ message: OwnedRecord, _ connection: MQTTConnection) {
    guard let newest = connection.session.newestInFlight, newest.isRetained else { return }
    if connection.retainedInFlight.count > 2 * configuration.maxInFlight { connection.forgetAcknowledgedRetained() }
    connection.retainedInFlight[newest.packetID] = message
  }

  private func deliver(
    _ message: OwnedRecord, _ subscription: MQTTSubscription, _ connection: MQTTConnection, _ now: Timestamp
  ) {
    let record = message.view
    let origin = MessageOrigin(record)
    let expiry = origin.expiry(of: record, now)
    guard !expiry.isOver else { return }
    let outcome = connection.session.deliver(
      record, qos: min(subscription.qos, origin.qos), isRetained: true,
      subscriptionIDs: subscription.identifier.map { [$0] } ?? [], expirySeconds: expiry.remaining, wasRetained: true,
      to: &connection.output)
    account(connection)
    if outcome == .sent {
      status.deliveries += 1
      keepInFlight(message, connection)
    } else {
      status.tooLargeDeliveries += 1
    }
    markDirty(connection)
  }
}
