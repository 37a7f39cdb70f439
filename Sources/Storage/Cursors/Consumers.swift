import Records
import Synchronization

/// Where every consumer of the log stands: set by the cursors, asked by retention and by status. Any thread.
final class Consumers: Sendable {
  private let positions = Mutex<[String: Offset]>([:])

  func set(_ name: String, _ position: Offset) {
    positions.withLock { $0[name] = position }
  }

  /// The consumer that is furthest behind.
  var slowest: (name: String, position: Offset)? {
    positions.withLock { positions in
      positions.min { $0.value < $1.value }.map { (name: $0.key, position: $0.value) }
    }
  }
}
