import Platform
import Synchronization

/// One running ingress thread. Any thread.
final class IngressThread: Sendable {
  let shared: IngressShared
  private let thread: Mutex<NamedThread?>

  /// - Parameter index: the first is 0; the name says it, counted from 1.
  init(_ index: Int, _ loop: sending IngressLoop) {
    shared = loop.shared
    thread = Mutex(NamedThread.start(index == 0 ? "ingress" : "ingress \(index + 1)") { loop.run() })
  }

  /// Waits for its end. Does nothing the second time.
  func join() {
    let running = thread.withLock { $0.take() }
    if let running { running.join() }
  }
}
