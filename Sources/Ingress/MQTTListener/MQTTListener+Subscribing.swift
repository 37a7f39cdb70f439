import Platform
import Storage
import Wire

// SUBSCRIBE and UNSUBSCRIBE.
extension MQTTListener {
  func subscribe(_ packet: MQTTSubscribe, _ connection: MQTTConnection, _ context: inout LoopContext) {
    if index > 0, packet.requests.contains(where: { $0.group != nil }) { return move(connection, context) }
    // What came before is for those who had subscribed before, even if it came to another thread a moment ago.
    keepUp(&context)
    // The session itself is being changed meanwhile.
    let (name, permissions) = (connection.name, connection.permissions)
    let (changes, acknowledgement) = connection.session.subscribe(packet) {
      refusal(of: $0, name, permissions, context.now)
    }
    for change in changes {
      if let previous = change.previous { remove(previous, of: connection) }
      enter(change.subscription, connection, &context)
    }
    writeDown(connection, &context)
    answerOnceWritten(acknowledgement, connection, &context)
    for change in changes { offerRetained(change, connection, &context) }
  }

  func unsubscribe(
    _ subscriptions: [MQTTSubscription], _ acknowledgement: MQTTAcknowledgement, _ connection: MQTTConnection,
    _ context: inout LoopContext
  ) {
    for subscription in subscriptions { remove(subscription, of: connection) }
    writeDown(connection, &context)
    answerOnceWritten(acknowledgement, connection, &context)
  }

  private func refusal(
    of subscription: MQTTSubscription, _ client: String, _ permissions: Permissions, _ now: Int64
  ) -> MQTTReason? {
    guard permissions.maySubscribe(subscription.filter) else {
      status.unauthorizedSubscriptions += 1
      complain("\(client) may not subscribe to `\(subscription.filter)`", now)
      return .notAuthorized
    }
    guard let name = subscription.group else { return nil }
    let key = SharedGroup.Key(group: name, filter: subscription.filter)
    return groups[key] == nil && groups.count >= Self.maxGroups ? .quotaExceeded : nil
  }
}
