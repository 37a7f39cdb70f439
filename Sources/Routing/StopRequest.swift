package import Platform
import Synchronization

/// Asks a route to stop, also while its handler waits for something. Once made it stays. Any thread.
package final class StopRequest: Sendable {
  /// For pollers: stays readable once the request is made; never acknowledged.
  package let wakeUp: WakeUp
  private let made = Atomic(false)

  package init() throws(SystemError) {
    wakeUp = try WakeUp()
  }

  package var isMade: Bool { made.load(ordering: .acquiring) }

  package func make() {
    made.store(true, ordering: .releasing)
    wakeUp.signal()
  }
}
