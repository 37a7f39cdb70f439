/// What the ingress thread listens on.
package struct IngressConfiguration: Hashable, Sendable {
  /// Nil: no MQTT listener.
  package var mqtt: MQTTListenerConfiguration?
  package var udp: [UDPListenerConfiguration]

  package init(mqtt: MQTTListenerConfiguration? = MQTTListenerConfiguration(), udp: [UDPListenerConfiguration] = []) {
    self.mqtt = mqtt
    self.udp = udp
  }
}
