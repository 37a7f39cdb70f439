/// What is to be done about a packet. Replies that need nothing else are in the writer already.
///
/// Kept small: it is as large as its largest case, and handed up with every message.
package enum MQTTAction: ~Escapable {
  case none
  /// Read the packet's body as `MQTTConnect`, and answer by `accept` or `refuse`.
  case connect
  /// The refusal is written: send it, then close.
  case refused(MQTTReason)
  /// Store the message; once it is durable, call `committed` with the acknowledgement, if there is one. Or call `refuse`.
  case store(MQTTPublish, MQTTAcknowledgement?)
  /// The message has been stored before. Once everything appended so far is durable, call `committed`.
  case acknowledge(MQTTAcknowledgement)
  /// A QoS 2 message is done with: its packet id will be used for another. Once that is durable, call `committed`.
  case release(MQTTAcknowledgement)
  /// Answer by `subscribe`.
  case subscribe(MQTTSubscribe)
  /// They are gone. Once that is durable, call `committed`.
  case unsubscribed([MQTTSubscription], MQTTAcknowledgement)
  /// The subscriber has acknowledged something: the window may have room.
  case acknowledged
  /// The client leaves in order: close. Its will is forgotten, unless it asked for it.
  case disconnect
}

package struct MQTTSubscriptionChange: Hashable, Sendable {
  package let subscription: MQTTSubscription
  /// What it replaces.
  package let previous: MQTTSubscription?
}

/// What became of a message to a subscriber.
package enum MQTTDelivery: Hashable, Sendable {
  case sent
  /// As many as are allowed wait for the client's acknowledgement: try again after `.acknowledged`.
  case windowFull
  /// The client does not take packets of that size, or MQTT has none.
  case tooLarge
}
