import Records
import Synchronization

/// Where every consumer of the log stands: set by the cursors, asked by retention and by status. Any thread.
final class Consumers: Sendable {
  private let positions = Mutex<[String: Offset]>([:])

  func set(_ name: String, _ position: Offset) {
    positions.withLock { $0[name] = position }
  }

  /// Where each stands, the furthest behind first.
  var all: [(name: String, position: Offset)] {
    positions.withLock { positions in
      positions.map { (name: $0.key, position: $0.value) }.sorted { ($0.position, $0.name) < ($1.position, $1.name) }
    }
  }
}
