import Ingress
import Uplink

extension Configuration {
  /// The names of the sections in which this configuration says something else than `other`.
  func sectionsThatDiffer(from other: Configuration) -> [String] {
    let sections: [(name: String, differs: Bool)] = [
      ("`gateway`", gateway != other.gateway),
      ("`data`", data != other.data),
      ("`log`", log != other.log && data == other.data),
      ("`mqtt`", ingress.mqtt != other.ingress.mqtt),
      ("`mqtt.subscribe`", subscriptions != other.subscriptions),
      ("`udp`", ingress.udp != other.ingress.udp),
      ("`routes`", routes != other.routes),
      ("`uplinks`", uplinks != other.uplinks),
      ("`console`", console != other.console),
    ]
    return sections.filter(\.differs).map(\.name)
  }
}
