/// How the MQTT listener behaves. Every field has the default of the configuration file.
package struct MQTTListenerConfiguration: Hashable, Sendable {
  /// Addresses with ports: `0.0.0.0:1883`, `[::]:1883`, `localhost:0`. `mqtt.listen`
  package var listen = ["0.0.0.0:1883"]
  /// The users file; nil: there are no accounts. `mqtt.users`
  package var users: String?
  /// Whether clients may connect without an account: with `users` at all, without it from other addresses than loopback.
  /// `mqtt.anonymous`
  package var anonymous = false

  /// Ingress threads that share connections and their work. `mqtt.threads`
  package var threads = 1

  // Connections.

  /// `mqtt.maxConnections`
  package var maxConnections = 10_000
  /// From one address; loopback and Unix sockets are not counted. `mqtt.maxConnectionsPerAddress`
  package var maxConnectionsPerAddress = 1000
  /// How long a connection may take to send its whole CONNECT. `mqtt.connectTimeout`
  package var connectTimeoutMilliseconds = 10_000
  /// The longest keep-alive a client of version 5 may have, in seconds; it is told. 0: as it likes. `mqtt.maxKeepAlive`
  package var maxKeepAliveSeconds = 0

  // What clients send.

  /// The longest packet a client may send, with its fixed header. `mqtt.maxPacket`
  package var maxPacketBytes = 1 << 20
  /// `mqtt.maxTopic`
  package var maxTopicBytes = 4 << 10
  /// `mqtt.maxTopicLevels`
  package var maxTopicLevels = 128
  /// QoS 1 and 2 messages of one client that wait for the log. `mqtt.maxInFlightFromClient`
  package var maxInFlightFromClient = 1024
  /// What packets that have come in part may take, over all connections. `mqtt.maxPartialPackets`
  package var maxPartialBytes = 64 << 20

  // What clients get.

  /// Topic filters one client may have; further ones are refused in the SUBACK. `mqtt.maxSubscriptions`
  package var maxSubscriptionsPerClient = 1000
  /// What may wait to be sent to one client before nothing more is delivered to it or read from it. `mqtt.maxQueued`
  package var maxQueuedBytes = 256 << 10
  /// QoS 1 and 2 deliveries to one client that it has not acknowledged. `mqtt.maxInFlight`
  package var maxInFlight = 256

  // What is kept.

  /// Sessions that outlive their connection. `mqtt.maxSessions`
  package var maxSessions = 10_000
  /// How long a session may be kept without a connection. `mqtt.maxSessionExpiry`
  package var maxSessionExpirySeconds = 90 * 86_400
  /// `mqtt.maxRetained`
  package var maxRetained = 100_000
  /// `mqtt.maxRetainedBytes`
  package var maxRetainedBytes = 64 << 20

  /// Where sessions and retained messages are written down as a whole; nil: nowhere, a restart forgets what the log has not.
  package var stateDirectory: String?

  package init() {}
}
