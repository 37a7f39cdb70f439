import Ingress
import Mosquitto

extension BrokerSubscriptionConfiguration {
  /// `{ name: "site", host: "10.0.0.5", port: 8883, topics: ["line/#"], tls: { ca: "/etc/forebay/ca.pem" } }`
  init(_ section: ConfigurationSection) {
    let name = section.consumerName()
    let broker = BrokerSettings(section)
    let topics = section.topicFilters("topics")
    if topics == nil, section.isObject { section.reject("topics", "is missing; write topics: [\"#\"] for everything") }
    self.init(name: name, host: broker.host, topics: topics ?? [])
    port = broker.port
    user = broker.user
    password = broker.password
    clientID = broker.clientID
    tls = broker.tls
    keepAliveSeconds = broker.keepAliveSeconds
    // Not 2: libmosquitto shows such a message only after it has told the broker that it is safe.
    qos = section.integer("qos", in: 0...1, default: qos)
    section.finish()
  }
}
