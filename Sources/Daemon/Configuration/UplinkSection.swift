import Mosquitto
import Records
import Uplink
import Wire

extension UplinkConfiguration {
  /// `{ name: "cloud", topics: ["#"], mqtt: { host: "mqtt.example.com", tls: {}, format: "batches" } }`
  init(_ section: ConfigurationSection) {
    let name = section.consumerName()
    self.init(name: name, target: Self.target(section))
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

extension UplinkConfiguration {
  private static func target(_ section: ConfigurationSection) -> UplinkTargetConfiguration {
    let isOther = section.hasUnavailable("rabbitmq")
    if isOther { section.rejectAsUnavailable("rabbitmq") }
    let (mqtt, kafka) = (section.section("mqtt"), section.section("kafka"))
    if let kafka {
      if mqtt != nil { section.reject("kafka", "stands beside `mqtt`; make two uplinks of them") }
      return .kafka(KafkaTargetConfiguration(kafka))
    }
    if mqtt == nil, !isOther, section.isObject {
      section.reject("mqtt", "or `kafka` is missing; write mqtt: { host: \"mqtt.example.com\" }")
    }
    return .mqtt(mqtt.map(MQTTTargetConfiguration.init) ?? MQTTTargetConfiguration(host: ""))
  }
}

extension KafkaTargetConfiguration {
  /// `{ brokers: ["k1:9092"], topic: "telemetry", user: "edge", passwordFile: "/run/credentials/kafka" }`
  fileprivate init(_ section: ConfigurationSection) {
    let brokers = section.strings("brokers", problem: AddressText.problem) ?? []
    if brokers.isEmpty, section.isObject {
      section.reject("brokers", "is missing; write brokers: [\"kafka.example.com:9092\"]")
    }
    self.init(brokers: brokers, topic: section.requiredString("topic", example: "telemetry"))
    clientID = section.string("clientID")
    createTopic = section.boolean("createTopic", default: createTopic)
    let mechanism = section.choice(
      "mechanism", SASLMechanism.allCases.map { ($0.rawValue, $0) }, default: .scramSHA512)
    let (user, password) = (section.string("user"), section.password())
    if let user, let password {
      credentials = .init(mechanism, user: user, password: password)
    } else if user != nil || password != nil {
      let missing = user == nil ? "user" : "password"
      section.reject(missing, "is missing; `user` and `password` (or `passwordFile`) go together")
    }
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
