/// How one UDP listener behaves.
package struct UDPListenerConfiguration: Hashable, Sendable {
  /// An address with its port: `0.0.0.0:5510`, `[::]:5510`. `udp[].listen`
  package var listen: String
  /// The topic of a datagram's record; `{address}` and `{port}` stand for the sender's. `udp[].topic`
  package var topic: String
  /// Longer datagrams are counted and dropped. `udp[].maxDatagram`
  package var maxDatagramBytes = 8192
  /// Asked of the kernel, which may give less (net.core.rmem_max). `udp[].receiveBuffer`
  package var receiveBufferBytes = 8 << 20

  package init(listen: String, topic: String = "udp/{address}") {
    self.listen = listen
    self.topic = topic
  }
}
