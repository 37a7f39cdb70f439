package import Mosquitto

/// A broker that is already on site, subscribed to (`mqtt.subscribe[]`).
package struct BrokerSubscriptionConfiguration: Hashable, Sendable {
  package var name: String
  package var host: String
  package var port = 1883
  /// Topic filters, as MQTT has them.
  package var topics: [String]
  /// 0 or 1. Not 2: libmosquitto shows a QoS 2 message only after it has said that it is safe.
  package var qos = 1
  /// Nil: `forebay-GATEWAY-NAME`. The broker keeps what is due under this name while the box is away.
  package var clientID: String?
  package var user: String?
  package var password: String?
  package var tls: TLSConfiguration?
  package var keepAliveSeconds = 30

  package init(name: String, host: String, topics: [String]) {
    self.name = name
    self.host = host
    self.topics = topics
  }
}
