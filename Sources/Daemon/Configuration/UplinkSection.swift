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
      shipmentWaitMilliseconds = shipment.duration("wait", in: 0...3_600_000, default: shipmentWaitMilliseconds)
      shipmentBytes = shipment.size("bytes", in: 1 << 10...64 << 20, default: shipmentBytes)
      shipment.finish()
    }
    maxBytesPerSecond = section.rate("maxRate", in: 100...1 << 40)
    timeoutSeconds = section.duration("timeout", in: 1000...600_000, default: timeoutSeconds * 1000) / 1000
    order = section.choice("order", UplinkOrdering.allCases.map { ($0.rawValue, $0) }, default: order)
    backlogShare = section.percent("backlogShare", in: 1...99, default: backlogShare * 100) / 100
    if order == .strict, section.has("backlogShare") {
      section.reject("backlogShare", "goes with `order: \"freshFirst\"`; in strict order there is one way alone")
    }
    schedule = section.schedule()
    section.notAvailable("where")
    section.finish()
  }
}

extension UplinkConfiguration {
  private static func target(_ section: ConfigurationSection) -> UplinkTargetConfiguration {
    let targets = ["mqtt", "kafka", "rabbitmq"].filter { section.has($0) }
    if targets.count > 1 { section.reject(targets[1], "stands beside `\(targets[0])`; make two uplinks of them") }
    if let kafka = section.section("kafka") { return .kafka(KafkaTargetConfiguration(kafka)) }
    if let rabbitMQ = section.section("rabbitmq") { return .rabbitMQ(RabbitMQTargetConfiguration(rabbitMQ)) }
    let mqtt = section.section("mqtt")
    if mqtt == nil, section.isObject {
      section.reject("mqtt", "or `kafka` or `rabbitmq` is missing; write mqtt: { host: \"mqtt.example.com\" }")
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
    self.init(brokers: brokers, topic: section.kafkaTopic())
    rules = section.sections("rules").map(Rule.init)
    partitioning = section.choice("partition", Partitioning.allCases.map { ($0.rawValue, $0) }, default: partitioning)
    identity = section.choice("identity", Identity.allCases.map { ($0.rawValue, $0) }, default: identity)
    clientID = section.string("clientID")
    createTopic = section.boolean("createTopic", default: createTopic)
    let mechanism = section.choice(
      "mechanism", SASLMechanism.allCases.map { ($0.rawValue, $0) }, default: .scramSHA512)
    if let login = section.login() { credentials = .init(mechanism, user: login.user, password: login.password) }
    section.finish()
  }
}

extension KafkaTargetConfiguration.Rule {
  /// `{ topics: ["+/alarm"], topic: "alarms" }`: device topics, and where their records go.
  fileprivate init(_ section: ConfigurationSection) {
    let filters = section.topicFilters("topics")
    if filters == nil, section.isObject { section.reject("topics", "is missing; write topics: [\"+/alarm\"]") }
    self.init(filters: (filters ?? []).compactMap { try? TopicFilter($0) }, topic: section.kafkaTopic())
    section.finish()
  }
}

extension RabbitMQTargetConfiguration {
  /// `{ hosts: ["r1:5552"], stream: "telemetry", user: "edge", passwordFile: "/run/credentials/rmq", create: {} }`
  fileprivate init(_ section: ConfigurationSection) {
    let hosts = section.strings("hosts", problem: AddressText.problem) ?? []
    if hosts.isEmpty, section.isObject {
      section.reject("hosts", "is missing; write hosts: [\"rabbitmq.example.com:5552\"]")
    }
    self.init(hosts: hosts, Self.destination(section))
    if let login = section.login() { (credentials.user, credentials.password) = login }
    credentials.virtualHost = section.string("vhost", default: credentials.virtualHost)
    compression = section.choice("compression", Compression.allCases.map { ($0.rawValue, $0) }, default: compression)
    followLeader = section.boolean("followLeader", default: followLeader)
    create = section.section("create").map(RabbitMQStreamLimits.init)
    if create != nil, case .superStream = destination {
      section.reject("create", "does not go with `superStream`; make it with rabbitmq-streams add_super_stream")
    }
    section.finish()
  }
}

extension RabbitMQTargetConfiguration {
  private static func destination(_ section: ConfigurationSection) -> Destination {
    let given = ["stream", "streams", "superStream"].filter { section.has($0) }
    if given.count > 1 {
      section.reject(given[1], "stands beside `\(given[0])`; a gateway's records go to one of them")
    }
    if let name = section.string("superStream") { return .superStream(name) }
    if let names = section.strings("streams") {
      if names.isEmpty { section.reject("streams", "is empty; write [\"telemetry-0\", \"telemetry-1\"]") }
      return .streams(names)
    }
    return .streams([section.requiredString("stream", example: "telemetry")])
  }
}

extension RabbitMQStreamLimits {
  fileprivate init(_ section: ConfigurationSection) {
    self.init()
    if section.has("maxBytes") { maxBytes = section.size("maxBytes", in: 1 << 20...1 << 60, default: 1 << 30) }
    if section.has("maxAge") {
      maxAgeSeconds = section.duration("maxAge", in: 1000...1 << 50, default: 86_400_000) / 1000
    }
    if section.has("segment") { segmentBytes = section.size("segment", in: 1 << 10...3 << 30, default: 500_000_000) }
    if section.has("replicas") { replicas = section.integer("replicas", in: 1...100, default: 3) }
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
  /// `user` with `password` or `passwordFile`; nil where there is none.
  fileprivate func login() -> (user: String, password: String)? {
    let (user, password) = (string("user"), password())
    if let user, let password { return (user, password) }
    if user != nil || password != nil {
      reject(
        user == nil ? "user" : "password", "is missing; `user` and `password` (or `passwordFile`) go together")
    }
    return nil
  }

  /// A topic's name as Kafka allows it.
  fileprivate func kafkaTopic() -> String {
    let name = requiredString("topic", example: "telemetry")
    let isAllowed =
      name.utf8.count <= 249 && name != "." && name != ".."
      && name.unicodeScalars.allSatisfy {
        ("a"..."z").contains($0) || ("A"..."Z").contains($0) || ("0"..."9").contains($0)
          || "._-".unicodeScalars.contains($0)
      }
    if !isAllowed {
      reject("topic", "is \"\(name)\"; Kafka's topics have letters, digits, `.`, `_` and `-`, up to 249 of them")
    }
    return name
  }

  fileprivate func schedule() -> Schedule? {
    guard let spans = strings("schedule"), isObject else { return nil }
    do throws(Schedule.Problem) {
      if spans.isEmpty { reject("schedule", "is empty; write [\"22:00-06:00\"], or remove it to be connected always") }
      return try Schedule(spans)
    } catch {
      reject("schedule", "has " + error.description)
      return nil
    }
  }

  /// Reports a topic to publish on that MQTT would not take. An empty one is none.
  fileprivate func checkTopic(_ key: String, _ topic: String) {
    guard !topic.isEmpty, let problem = Topic.problem(with: topic.utf8.span.bytes) else { return }
    reject(key, "is \"\(topic)\"; \(problem)")
  }
}
