import Records
import Wire

/// Which subscriptions of one client a record matches, taken together: it is delivered once for all of them.
struct DeliveryMatch {
  private(set) var offset: Offset = -1
  /// The highest of theirs.
  private(set) var qos = MQTTQoS.atMostOnce
  /// Whether the retain flag goes on as it was published.
  private(set) var keepsRetain = false
  private(set) var identifiers: [UInt32] = []

  /// Forgets the last record's.
  mutating func begin(_ offset: Offset) {
    self.offset = offset
    qos = .atMostOnce
    keepsRetain = false
    if !identifiers.isEmpty { identifiers.removeAll(keepingCapacity: true) }
  }

  mutating func add(_ qos: MQTTQoS, keepsRetain: Bool, identifier: UInt32) {
    self.qos = max(self.qos, qos)
    self.keepsRetain = self.keepsRetain || keepsRetain
    if identifier != 0 { identifiers.append(identifier) }
  }

  mutating func add(_ subscription: MQTTSubscription) {
    add(subscription.qos, keepsRetain: subscription.retainAsPublished, identifier: subscription.identifier ?? 0)
  }
}
