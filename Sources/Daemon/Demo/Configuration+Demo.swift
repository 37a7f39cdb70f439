import Ingress

extension Configuration {
  /// The weather station of the demonstration sends datagrams: without a UDP listener there is one on its usual port.
  package mutating func addDemoListener() {
    guard ingress.udp.isEmpty else { return }
    ingress.udp = [UDPListenerConfiguration(listen: "0.0.0.0:5510")]
  }
}
