import Ingress
import Routing
import Uplink

extension Configuration {
  /// One line for `forebay check`: what a daemon with this configuration would do.
  package var summary: String {
    var parts = ["gateway \(gateway)", "data in \(data)"]
    if let mqtt = ingress.mqtt {
      let threads = mqtt.threads > 1 ? " (\(mqtt.threads) threads)" : ""
      parts.append("MQTT on \(mqtt.listen.joined(separator: " and "))\(threads)")
    }
    if !ingress.udp.isEmpty { parts.append("UDP on \(ingress.udp.map(\.listen).joined(separator: " and "))") }
    if !routes.isEmpty { parts.append("routes \(routes.map(\.name).joined(separator: ", "))") }
    if !subscriptions.isEmpty { parts.append("brokers \(subscriptions.map(\.name).joined(separator: ", "))") }
    if !uplinks.isEmpty { parts.append("uplinks \(uplinks.map(\.name).joined(separator: ", "))") }
    return parts.joined(separator: ", ")
  }
}
