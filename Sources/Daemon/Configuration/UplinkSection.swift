import Mosquitto
import Records
import Uplink

extension UplinkConfiguration {
  private static let unavailable = ["kafka", "rabbitmq"]

  /// `{ name: "cloud", topics: ["#"], mqtt: { host: "mqtt.example.com", tls: {}, format: "batches" } }`
  init(_ section: ConfigurationSection) {
    let name = section.consumerName()
    let others = Self.unavailable.filter { section.hasUnavailable($0) }
    for key in others { section.rejectAsUnavailable(key) }
    let mqtt = section.section("mqtt")
    if mqtt == nil, others.isEmpty, section.isObject {
      section.reject("mqtt", "is missing; write mqtt: { host: \"mqtt.example.com\" }")
    }
    self.init(name: name, target: .mqtt(mqtt.map(MQTTTargetConfiguration.init) ?? MQTTTargetConfiguration(host: "")))
    topics = section.topicFilters("topics") ?? topics
    if let shipment = section.section("shipment") {
      shipmentRecords = shipment.integer("records", in: 1...1_000_000, default: shipmentRecords)
      shipmentBytes = shipment.size("bytes", in: 1 << 10...64 << 20, default: shipmentBytes)
      shipment.finish()
    }
    section.notAvailable("maxRate", "where")
    section.finish()
  }
}

extension MQTTTargetConfiguration {
  fileprivate init(_ section: ConfigurationSection) {
    let broker = BrokerSettings(section)
    self.init(host: broker.host)
    port = broker.port
    user = broker.user
    password = broker.password
    clientID = broker.clientID
    tls = broker.tls
    keepAliveSeconds = broker.keepAliveSeconds
    format = section.choice("format", Format.allCases.map { ($0.rawValue, $0) }, default: format)
    topicPrefix = section.string("topicPrefix", default: topicPrefix)
    batchTopic = section.string("batchTopic")
    section.checkTopic("topicPrefix", topicPrefix)
    section.checkTopic("batchTopic", batchTopic ?? "")
    requireSubscribers = section.boolean("requireSubscribers", default: requireSubscribers)
    section.finish()
  }
}

extension ConfigurationSection {
  /// Reports a topic to publish on that MQTT would not take. An empty one is none.
  fileprivate func checkTopic(_ key: String, _ topic: String) {
    guard !topic.isEmpty, let problem = Topic.problem(with: topic.utf8.span.bytes) else { return }
    reject(key, "is \"\(topic)\"; \(problem)")
  }
}
