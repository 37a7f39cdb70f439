import Ingress

/// Where a running daemon can be reached, ports that the kernel chose filled in.
package struct RunningAddresses: Hashable, Sendable {
  package let mqtt: [String]
  package let udp: [String]
  /// Nil: only the Unix socket.
  package let console: String?
  package let data: String

  /// The word for the service manager after a reload.
  static let unchanged = "running"

  init(_ stages: Stages) {
    mqtt = stages.ingress.mqttAddresses
    udp = stages.ingress.udpAddresses
    console = stages.consoleAddress
    data = stages.configuration.data
  }

  static func isLoopback(_ address: String) -> Bool {
    address.hasPrefix("127.") || address.hasPrefix("[::1]")
  }

  /// One line: `MQTT on 0.0.0.0:1883, UDP on 0.0.0.0:5510, console on http://127.0.0.1:8610, data in ./forebay-data`.
  var summary: String {
    var parts: [String] = []
    if !mqtt.isEmpty { parts.append("MQTT on \(mqtt.joined(separator: " and "))") }
    if !udp.isEmpty { parts.append("UDP on \(udp.joined(separator: " and "))") }
    if let console { parts.append("console on http://\(console)") }
    parts.append("data in \(data)")
    return parts.joined(separator: ", ")
  }
}
