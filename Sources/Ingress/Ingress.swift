package import Platform
package import Storage

/// The running ingress: MQTT listeners and UDP sockets, served by one thread. Any thread.
package final class Ingress: Sendable {
  /// The addresses as bound, with the ports the kernel chose where port 0 was asked for; in the order of the configuration.
  package let mqttAddresses: [String]
  package let udpAddresses: [String]

  private init(mqttAddresses: [String], udpAddresses: [String]) {
    self.mqttAddresses = mqttAddresses
    self.udpAddresses = udpAddresses
  }

  /// Binds every address and starts the thread: clients can connect when it returns.
  package static func start(
    _ configuration: IngressConfiguration, log: Log, time: any TimeSource = SystemTime()
  ) throws(IngressError) -> Ingress {
    fatalError("not yet")
  }

  package var status: IngressStatus { IngressStatus() }

  /// Stops reading, waits briefly for the acknowledgements that are due, closes every connection and ends the thread.
  /// Does nothing the second time.
  package func stop() {}
}
