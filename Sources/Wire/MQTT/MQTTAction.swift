/// What is to be done about a packet. Replies that need nothing else are in the writer already.
package enum MQTTAction: ~Escapable {
  case none
  /// Answer by `accept` or `refuse`.
  case connect(MQTTConnect)
  /// The refusal is written: send it, then close.
  case refused(MQTTRefusal)
  /// Store the message; once it is durable, call `committed` with the acknowledgement, if there is one.
  case store(MQTTPublish, MQTTAcknowledgement?)
  /// The message has been stored before. Once everything appended so far is durable, call `committed`.
  case acknowledge(MQTTAcknowledgement)
  case subscribed([MQTTSubscriptionChange])
  case unsubscribed([MQTTSubscription])
  /// The subscriber has acknowledged something: the window has room.
  case windowOpened
  /// The client leaves in order; its will is forgotten. Close.
  case disconnect
}

package struct MQTTSubscriptionChange: Hashable, Sendable {
  package let subscription: MQTTSubscription
  /// What it replaces.
  package let previous: MQTTSubscription?
}
