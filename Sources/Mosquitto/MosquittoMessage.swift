/// A message from the broker, in place: valid only during the call that hands it over.
package struct MosquittoMessage: ~Escapable {
  package let topic: RawSpan
  package let payload: RawSpan
  package let qos: Int
  /// Set where the broker kept the message from before the subscription.
  package let isRetained: Bool

  @_lifetime(copy topic, copy payload)
  init(topic: RawSpan, payload: RawSpan, qos: Int, isRetained: Bool) {
    self.topic = topic
    self.payload = payload
    self.qos = qos
    self.isRetained = isRetained
  }
}

/// What has happened on a connection since it was last asked.
package enum MosquittoEvent: Hashable, Sendable {
  /// The broker has answered CONNECT: 0 accepts; else the reason code of the protocol version in use.
  case connected(reason: Int32)
  /// A PUBACK has come for the message; the reason code is 0 where the broker speaks 3.1.1.
  case acknowledged(message: Int32, reason: Int32)
  /// A SUBACK has come: the granted quality of service, or a refusal from 128 on, of each filter.
  case subscribed(granted: [Int32])
  case disconnected(MosquittoError)
}
