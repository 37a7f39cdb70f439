/// How the MQTT listener behaves. Every field has the default of the configuration file.
package struct MQTTListenerConfiguration: Hashable, Sendable {
  /// Addresses with ports: `0.0.0.0:1883`, `[::]:1883`, `localhost:0`. `mqtt.listen`
  package var listen = ["0.0.0.0:1883"]
  /// Whether clients without an account may come from other addresses than loopback. `mqtt.anonymous`
  package var anonymous = false
  /// `mqtt.maxConnections`
  package var maxConnections = 10_000
  /// The longest packet a client may send, with its fixed header. `mqtt.maxPacket`
  package var maxPacketBytes = 1 << 20
  /// How long a connection may take to send its whole CONNECT.
  package var connectTimeoutMilliseconds = 10_000
  /// Topic filters one client may have; further ones are refused in the SUBACK.
  package var maxSubscriptionsPerClient = 1000
  /// What may wait to be sent to one client before nothing more is delivered to it or read from it.
  package var maxQueuedBytes = 256 << 10
  /// QoS 1 deliveries to one client that it has not acknowledged.
  package var maxInFlight = 256

  package init() {}
}
