import Platform
import Synchronization

/// Connections on their way to one ingress thread from the others, in order. Any thread.
final class HandoverInbox: Sendable {
  private struct Arrivals {
    var connections: [HandedOver] = []
    var isClosed = false
  }

  private let arrivals = Mutex(Arrivals())
  private let wakeUp: WakeUp

  /// - Parameter wakeUp: of the thread whose inbox it is.
  init(_ wakeUp: WakeUp) {
    self.wakeUp = wakeUp
  }

  /// False where nobody takes it any more, since the server stops.
  func put(_ connection: HandedOver) -> Bool {
    let isTaken = arrivals.withLock { arrivals in
      guard !arrivals.isClosed else { return false }
      arrivals.connections.append(connection)
      return true
    }
    if isTaken { wakeUp.signal() }
    return isTaken
  }

  var isEmpty: Bool { arrivals.withLock { $0.connections.isEmpty } }

  func take() -> [HandedOver] {
    arrivals.withLock { arrivals in
      defer { arrivals.connections = [] }
      return arrivals.connections
    }
  }

  /// Lets nothing more in, and gives what is there.
  func close() -> [HandedOver] {
    arrivals.withLock { arrivals in
      arrivals.isClosed = true
      defer { arrivals.connections = [] }
      return arrivals.connections
    }
  }
}

/// A connection that its thread has forgotten, and the next has not taken up yet.
struct HandedOver: @unchecked Sendable {
  // Unchecked: handed on, never shared. Whoever makes one has taken the connection out of all its lists, and does not look at
  // it again.
  let connection: MQTTConnection
}
