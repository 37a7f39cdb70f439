import Ingress

extension IngressConfiguration {
  /// `mqtt: { listen: ["0.0.0.0:1883"], … }, udp: [{ listen: "0.0.0.0:5510", topic: "udp/{address}" }]`
  init(_ root: ConfigurationSection, mqtt section: ConfigurationSection?) {
    self.init()
    if let section { readMQTT(section) }
    udp = root.sections("udp").map(UDPListenerConfiguration.init)
  }

  private mutating func readMQTT(_ section: ConfigurationSection) {
    var listener = MQTTListenerConfiguration()
    listener.listen = section.strings("listen", problem: AddressText.problemWithStream) ?? listener.listen
    listener.users = section.string("users")
    listener.anonymous = section.boolean("anonymous", default: listener.anonymous)
    readLimits(section, &listener)
    mqtt = listener.listen.isEmpty ? nil : listener
  }

  private func readLimits(_ section: ConfigurationSection, _ limits: inout MQTTListenerConfiguration) {
    func number(_ key: String, _ range: ClosedRange<Int>, _ field: WritableKeyPath<MQTTListenerConfiguration, Int>) {
      limits[keyPath: field] = section.integer(key, in: range, default: limits[keyPath: field])
    }
    func size(_ key: String, _ range: ClosedRange<Int>, _ field: WritableKeyPath<MQTTListenerConfiguration, Int>) {
      limits[keyPath: field] = section.size(key, in: range, default: limits[keyPath: field])
    }
    number("threads", 1...64, \.threads)
    number("maxConnections", 1...1_000_000, \.maxConnections)
    number("maxConnectionsPerAddress", 1...1_000_000, \.maxConnectionsPerAddress)
    limits.connectTimeoutMilliseconds = section.duration(
      "connectTimeout", in: 100...600_000, default: limits.connectTimeoutMilliseconds)
    limits.maxKeepAliveSeconds =
      section.duration("maxKeepAlive", in: 0...65_535_000, default: limits.maxKeepAliveSeconds * 1000) / 1000
    // 256 MiB is what the protocol's length field can say.
    size("maxPacket", 1 << 10...256 << 20, \.maxPacketBytes)
    size("maxTopic", 1...65_535, \.maxTopicBytes)
    number("maxTopicLevels", 1...128, \.maxTopicLevels)
    number("maxInFlightFromClient", 1...65_535, \.maxInFlightFromClient)
    size("maxPartialPackets", 1 << 20...16 << 30, \.maxPartialBytes)
    number("maxSubscriptions", 1...1_000_000, \.maxSubscriptionsPerClient)
    size("maxQueued", 4 << 10...1 << 30, \.maxQueuedBytes)
    number("maxInFlight", 1...65_535, \.maxInFlight)
    number("maxSessions", 0...10_000_000, \.maxSessions)
    limits.maxSessionExpirySeconds =
      section.duration("maxSessionExpiry", in: 0...4_294_967_294_000, default: limits.maxSessionExpirySeconds * 1000)
      / 1000
    number("maxRetained", 0...100_000_000, \.maxRetained)
    size("maxRetainedBytes", 0...16 << 30, \.maxRetainedBytes)
  }
}

extension UDPListenerConfiguration {
  fileprivate init(_ section: ConfigurationSection) {
    self.init(listen: section.requiredString("listen", example: "0.0.0.0:5510"))
    section.checkAddress("listen", listen)
    topic = section.string("topic", default: topic)
    maxDatagramBytes = section.size("maxDatagram", in: 1...65_507, default: maxDatagramBytes)
    receiveBufferBytes = section.size("receiveBuffer", in: 4 << 10...1 << 30, default: receiveBufferBytes)
    section.notAvailable("profile")
    section.finish()
  }
}
