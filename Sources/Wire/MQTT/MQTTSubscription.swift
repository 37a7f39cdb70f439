package import Records

/// A filter of a client, and how what it matches is delivered.
package struct MQTTSubscription: Hashable, Sendable {
  /// Of a shared subscription, the part behind the group's name.
  package var filter: TopicFilter
  /// The group of a shared subscription, `$share/GROUP/FILTER`: each message goes to one of its members.
  package var group: [UInt8]?
  /// The highest QoS of what is delivered for it.
  package var qos: MQTTQoS
  /// What the client has published itself is left out (version 5).
  package var noLocal = false
  /// The retain flag is passed on as it was published; else it marks what was there before the subscription (version 5).
  package var retainAsPublished = false
  /// What of the retained messages is sent for the subscription (version 5).
  package var retainHandling = RetainHandling.always
  /// Sent with every message that it matches (version 5); nil: none.
  package var identifier: UInt32?

  package enum RetainHandling: UInt8, Hashable, Sendable {
    case always = 0
    case ifNew = 1
    case never = 2
  }

  package init(filter: TopicFilter, group: [UInt8]? = nil, qos: MQTTQoS) {
    self.filter = filter
    self.group = group
    self.qos = qos
  }
}
