import Synchronization

/// Where a route's thread shows how it is doing and others look. Any thread.
final class RouteBoard: Sendable {
  private let shown: Mutex<RouteStatus>

  init(name: String) {
    shown = Mutex(RouteStatus(name: name))
  }

  var status: RouteStatus { shown.withLock { $0 } }

  func show(_ status: RouteStatus) {
    shown.withLock { $0 = status }
  }
}
