/// One MQTT client, connected or with a session that waits for it: a copy, as of the end of some turn.
package struct ClientStatus: Hashable, Sendable {
  package var clientID: String
  /// Where it comes from; nil: it is not connected.
  package var address: String?
  /// Whose it is in the users file; nil: nobody's, or it is not connected.
  package var user: String?
  /// `3.1`, `3.1.1` or `5.0`; nil: it is not connected.
  package var version: String?
  /// Since it connected; nil: it is not.
  package var connectedSeconds: Int?
  /// Since it connected: messages from it, and to it.
  package var messages = 0
  package var deliveries = 0
  /// Messages of QoS 1 and 2 without a final answer: from it, and to it.
  package var inFlightFromClient = 0
  package var inFlightToClient = 0
  /// Bytes that wait for it to take them.
  package var queuedBytes = 0
  /// Of a shared one the filter is `$share/GROUP/FILTER`.
  package var subscriptions: [Subscription] = []
  /// Records of the log that it has not been looked at for yet; 0 without subscriptions.
  package var lag = 0
  /// How long its session outlives the connection; 0: not at all.
  package var sessionExpirySeconds = 0

  package struct Subscription: Hashable, Sendable {
    package var filter: String
    package var qos: Int
  }
}
