/// What one server session allows. Clients of version 5 are told.
package struct MQTTLimits: Hashable, Sendable {
  package var maxSubscriptions = 1000
  /// QoS 1 and 2 messages to the client that it has not acknowledged.
  package var maxInFlight = 256
  /// QoS 1 and 2 messages from the client that have not been acknowledged.
  package var receiveMaximum = 1024
  /// Longer client ids are rejected.
  package var maxClientIDBytes = 256
  package var maxPacketBytes = 1 << 20
  package var maxTopicBytes = 4 << 10
  package var maxTopicLevels = 128
  /// Topics a client may give numbers to; and that it is given numbers for, where it allows as many.
  package var topicAliasMaximum: UInt16 = 16
  /// Longer ones are shortened; 0: as the client likes.
  package var maxKeepAliveSeconds = 0
  package var maxSessionExpirySeconds = UInt32.max

  package init() {}
}
