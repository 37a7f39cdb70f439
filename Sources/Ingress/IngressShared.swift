import Platform
import Synchronization

/// What the ingress thread and its handle share.
final class IngressShared: Sendable {
  let wakeUp: WakeUp
  private let status: Mutex<IngressStatus>
  private let mustStop = Atomic(false)

  init(wakeUp: WakeUp, _ status: IngressStatus) {
    self.wakeUp = wakeUp
    self.status = Mutex(status)
  }

  var isStopping: Bool { mustStop.load(ordering: .acquiring) }

  func stop() {
    mustStop.store(true, ordering: .releasing)
    wakeUp.signal()
  }

  var snapshot: IngressStatus { status.withLock { $0 } }

  /// Changes the snapshot in place: nothing is copied unless somebody looks at the last one still.
  func publish(_ change: (inout IngressStatus) -> Void) {
    status.withLock { change(&$0) }
  }
}
