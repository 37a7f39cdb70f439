package import Console
package import Ingress
package import Routing
package import Storage
package import Uplink

/// Everything a configuration file says, with the defaults of what it does not say.
package struct Configuration: Hashable, Sendable {
  /// This box's name: part of every record's identity far away, and of the names it has with brokers. `gateway`
  package var gateway: String
  package var log: LogConfiguration
  package var ingress: IngressConfiguration
  /// Brokers that are subscribed to. `mqtt.subscribe`
  package var subscriptions: [BrokerSubscriptionConfiguration]
  package var routes: [RouteConfiguration]
  package var uplinks: [UplinkConfiguration]
  package var console: ConsoleConfiguration

  /// The data directory. `data`, or --data
  package var data: String { log.directory }

  /// Where the configuration of an installed Forebay is.
  package static let installedFile = "/etc/forebay/forebay.json5"
}
