import Storage

// Several ingress threads as one.
extension IngressStatus {
  /// Adds what another thread has done.
  mutating func add(_ other: IngressStatus) {
    turns += other.turns
    mqtt.add(other.mqtt)
    udp += other.udp
  }
}

extension MQTTListenerStatus {
  /// But for what all threads have in common: passwords and retained messages.
  fileprivate mutating func add(_ other: MQTTListenerStatus) {
    connections += other.connections
    connectionsAccepted += other.connectionsAccepted
    connectionsHandedOver += other.connectionsHandedOver
    messages += other.messages
    bytes += other.bytes
    acks += other.acks
    refusedMessages += other.refusedMessages
    acknowledgement.add(other.acknowledgement)
    duplicates += other.duplicates
    addDeliveries(other)
    sessions += other.sessions
    sessionsExpired += other.sessionsExpired
    heldPublishers += other.heldPublishers
    queuedBytes += other.queuedBytes
    unauthorizedMessages += other.unauthorizedMessages
    unauthorizedSubscriptions += other.unauthorizedSubscriptions
    rejected.merge(other.rejected) { $0 + $1 }
  }

  private mutating func addDeliveries(_ other: MQTTListenerStatus) {
    subscriptions += other.subscriptions
    deliveries += other.deliveries
    expiredDeliveries += other.expiredDeliveries
    tooLargeDeliveries += other.tooLargeDeliveries
    missedDeliveries += other.missedDeliveries
    skippedRecords += other.skippedRecords
    laggingSubscribers += other.laggingSubscribers
  }
}
