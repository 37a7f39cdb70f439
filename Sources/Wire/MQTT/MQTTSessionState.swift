package import Records

/// What a session is besides its connection: what outlives the connection, where the client asked for that.
///
/// A value: handed from connection to connection, and written down by whoever keeps sessions.
package struct MQTTSessionState: Hashable, Sendable {
  package var subscriptions: [MQTTSubscription] = []
  /// The packet ids of QoS 2 messages from the client that are stored and have not been released, in ascending order.
  package var inbound: [UInt16] = []
  /// What has been sent to the client and not been acknowledged, in the order it was sent.
  package var outbound: [MQTTOutboundMessage] = []

  package init() {}
}

/// A message to a client between its PUBLISH and the end of its handshake.
package struct MQTTOutboundMessage: Hashable, Sendable {
  package var packetID: UInt16
  /// 1 or 2.
  package var qos: MQTTQoS
  /// Where the log has it.
  package var offset: Offset
  /// It was sent as a retained message, of which the log may have nothing any more.
  package var isRetained: Bool
  /// Of QoS 2: the PUBREC has come, so that nothing but PUBREL is sent from then on.
  package var isReceived: Bool

  package init(packetID: UInt16, qos: MQTTQoS, offset: Offset, isRetained: Bool = false, isReceived: Bool = false) {
    self.packetID = packetID
    self.qos = qos
    self.offset = offset
    self.isRetained = isRetained
    self.isReceived = isReceived
  }
}
