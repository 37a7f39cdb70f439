import Ingress

// Who brings messages.
extension StatusReport {
  func mqtt(_ status: MQTTListenerStatus) -> JSONValue {
    let rejected = status.rejected.sorted { $0.key < $1.key }
    return [
      "listen": .array(stages.ingress.mqttAddresses.map { .string($0) }),
      "messages": .count(status.messages),
      "bytes": .count(status.bytes),
      "messagesPerSecond": .optional(rates?.messages(from: 0), digits: 1),
      "connections": .count(status.connections),
      "connectionsAccepted": .count(status.connectionsAccepted),
      "connectionsHandedOver": .count(status.connectionsHandedOver),
      "acks": .count(status.acks),
      "ackMicroseconds": Self.latencies(status.acknowledgement),
      "duplicates": .count(status.duplicates),
      "refusedMessages": .count(status.refusedMessages),
      "subscriptions": .count(status.subscriptions),
      "deliveries": .count(status.deliveries),
      "notDelivered": [
        "expired": .count(status.expiredDeliveries), "tooLarge": .count(status.tooLargeDeliveries),
        "missed": .count(status.missedDeliveries), "skippedRecords": .count(status.skippedRecords),
      ],
      "sessions": .count(status.sessions),
      "sessionsExpired": .count(status.sessionsExpired),
      "retained": .count(status.retained),
      "laggingSubscribers": .count(status.laggingSubscribers),
      "heldPublishers": .count(status.heldPublishers),
      "logins": [
        "accepted": .count(status.passwords.accepted), "refused": .count(status.passwords.refused),
        "tooManyFailures": .count(status.passwords.tooManyFailures), "busy": .count(status.passwords.busy),
        "waiting": .count(status.passwords.waiting),
      ],
      "unauthorized": [
        "messages": .count(status.unauthorizedMessages), "subscriptions": .count(status.unauthorizedSubscriptions),
      ],
      "rejected": .object(rejected.map { .init(key: $0.key, value: .count($0.value)) }),
    ]
  }

  func udp(_ status: UDPListenerStatus, source: Int) -> JSONValue {
    [
      "listen": .string(status.address),
      "messages": .count(status.messages),
      "bytes": .count(status.bytes),
      "messagesPerSecond": .optional(rates?.messages(from: source), digits: 1),
      "tooLarge": .count(status.tooLarge),
      "kernelDrops": .count(status.kernelDrops),
      "logFull": .count(status.logFull),
    ]
  }

  func subscription(_ status: BrokerSubscriptionStatus, source: Int) -> JSONValue {
    [
      "name": .string(status.name),
      "broker": .string(status.broker),
      "state": .string(status.state.rawValue),
      "messages": .count(status.messages),
      "bytes": .count(status.bytes),
      "messagesPerSecond": .optional(rates?.messages(from: source), digits: 1),
      "connections": .count(status.connections),
      "lastError": .optional(status.lastError),
    ]
  }
}
