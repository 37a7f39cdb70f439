import Records
import Wire

/// A session as it is written down: a client's subscriptions, what is in flight, and its place in the log.
struct StoredSession: Hashable, Sendable {
  var clientID: [UInt8]
  var state = MQTTSessionState()
  /// Of the log: what has not been sent yet.
  var next: Offset
  /// How long it outlives a connection; 0: not at all, it is written down for its will.
  var expirySeconds: UInt32
  /// To be published unless the client leaves in order.
  var will: MQTTWill?
}
