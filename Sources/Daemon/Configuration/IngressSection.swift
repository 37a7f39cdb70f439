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
    listener.listen = section.strings("listen", problem: ListenAddress.problem) ?? listener.listen
    listener.anonymous = section.boolean("anonymous", default: listener.anonymous)
    listener.maxConnections = section.integer("maxConnections", in: 1...1_000_000, default: listener.maxConnections)
    // 256 MiB is what the protocol's length field can say.
    listener.maxPacketBytes = section.size("maxPacket", in: 1 << 10...256 << 20, default: listener.maxPacketBytes)
    section.notAvailable("users")
    mqtt = listener.listen.isEmpty ? nil : listener
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
