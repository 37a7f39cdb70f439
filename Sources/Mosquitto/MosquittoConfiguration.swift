/// How a broker is reached.
package struct MosquittoConfiguration: Hashable, Sendable {
  package var host: String
  package var port = 1883
  package var clientID: String
  package var user: String?
  package var password: String?
  package var tls: TLSConfiguration?
  package var keepAliveSeconds = 30
  /// False: the broker keeps subscriptions and what is due on them between connections.
  package var cleanSession = true

  package init(host: String, clientID: String) {
    self.host = host
    self.clientID = clientID
  }
}

/// TLS towards a broker; certificate and host name are always verified.
package struct TLSConfiguration: Hashable, Sendable {
  /// A file of trusted certificates; nil: those of the operating system.
  package var ca: String?
  /// The client's certificate and its key, for mutual TLS: both or none.
  package var certificate: String?
  package var key: String?

  package init() {}
}
