import Bytes
import Synchronization

/// Which ingress thread each client belongs to: all connections of a client id come together there, and its session is there,
/// so that nothing of a client is ever shared between threads.
///
/// It is told by the client id, but for guests: members of shared subscriptions, which the first thread has, all of them, so
/// that a group has one place in the log and hands on each record once. Any thread; asked once a CONNECT.
package final class ClientHomes: Sendable {
  let threads: Int
  /// Clients of the first thread that would belong to another.
  private let guests = Mutex<Set<[UInt8]>>([])

  package init(threads: Int) {
    self.threads = threads
  }

  /// Where the client belongs now. Only the thread that this is may act on it: for anybody else it may be another by then.
  package func thread(of clientID: [UInt8]) -> Int {
    withThread(of: clientID) { $0 }
  }

  /// The same for whoever sends something there: nobody becomes a guest or ceases to be one before `body` returns.
  func withThread<Result>(of clientID: [UInt8], _ body: (Int) -> Result) -> Result {
    let own = ownThread(of: clientID)
    guard own > 0 else { return body(0) }
    return guests.withLock { body($0.contains(clientID) ? 0 : own) }
  }

  /// Where the client belongs when it is no guest.
  package func ownThread(of clientID: [UInt8]) -> Int {
    threads == 1 ? 0 : Int(CRC32C.checksum(of: clientID.span.bytes) % UInt32(threads))
  }

  /// From now on the client belongs to the first thread.
  /// - Parameter body: sends there what there is of it.
  func addGuest(_ clientID: [UInt8], _ body: () -> Void = {}) {
    guard ownThread(of: clientID) > 0 else { return body() }
    guests.withLock { guests in
      guests.insert(clientID)
      body()
    }
  }

  /// The client belongs to its own thread again.
  /// - Parameter condition: that nothing of it is with the first thread, or on the way there.
  /// - Returns: false where that is not so.
  func removeGuest(_ clientID: [UInt8], if condition: () -> Bool) -> Bool {
    guests.withLock { guests in
      guard condition() else { return false }
      guests.remove(clientID)
      return true
    }
  }
}
