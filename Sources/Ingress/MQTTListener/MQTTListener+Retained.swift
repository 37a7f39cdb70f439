import Bytes
import Platform
import Records
import Storage
import Wire

// Retained messages: the last of each topic, for those who subscribe later. Nobody is sent one before it is durable.
extension MQTTListener {
  /// Retained messages that one turn hands to one client.
  private static let messagesPerTurn = 256

  struct PendingRetained {
    let ticket: UInt64
    let message: OwnedRecord
  }

  /// Retained messages that a new subscription asks for, and how they are sent.
  struct WaitingRetained {
    /// Their topics: what is retained then is sent, not what was when the client subscribed.
    var topics: ArraySlice<[UInt8]>
    let subscription: MQTTSubscription
    /// How many of the loop's own records are durable before them: they go behind the SUBACK.
    let ownTickets: UInt64
  }

  /// A retained message has been handed to the log.
  func retain(_ message: OwnedRecord, ticket: UInt64) {
    pendingRetained.append(PendingRetained(ticket: ticket, message: message))
  }

  /// Makes those the retained messages that have become durable. An empty one takes its topic's away.
  func applyRetained(_ context: inout LoopContext) {
    guard let first = pendingRetained.first else { return }
    let durable = context.appender.durableTickets
    guard first.ticket < durable else { return }
    let count = pendingRetained.firstIndex { $0.ticket >= durable } ?? pendingRetained.count
    for pending in pendingRetained[..<count] {
      if !retained.apply(pending.message), complaints.permits(at: context.now) {
        Journal.warning(
          "mqtt: a retained message is not kept: raise `mqtt.maxRetained` or `mqtt.maxRetainedBytes`, or clear some")
      }
    }
    pendingRetained.removeSubrange(..<count)
    isStateUnsaved = true
    status.retained = retained.count
  }

  /// Has the retained messages sent that a new or changed subscription asks for.
  func offerRetained(_ change: MQTTSubscriptionChange, _ connection: MQTTConnection, _ context: inout LoopContext) {
    let subscription = change.subscription
    guard subscription.group == nil, subscription.retainHandling != .never,
      subscription.retainHandling == .always || change.previous == nil
    else { return }
    applyRetained(&context)
    var topics: [[UInt8]] = []
    retained.forEachMatch(subscription.filter) { topics.append($0.topic) }
    guard !topics.isEmpty else { return }
    if connection.waitingRetained.isEmpty { retainedWaiters.append(connection) }
    connection.waitingRetained.append(
      WaitingRetained(
        topics: topics[...], subscription: subscription,
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
    while var waiting = connection.waitingRetained.first, waiting.ownTickets <= context.own.durableTickets {
      while let topic = waiting.topics.first, budget > 0, canTakeMore(connection) {
        budget -= 1
        waiting.topics.removeFirst()
        if let message = retained[topic] { deliver(message, waiting.subscription, connection, context.timestamp) }
      }
      guard waiting.topics.isEmpty else {
        connection.waitingRetained[0] = waiting
        if budget == 0 { hasMoreToDeliver = true }
        return
      }
      connection.waitingRetained.removeFirst()
    }
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
