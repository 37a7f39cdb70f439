import Glibc
import Platform
import Synchronization

/// A line to a server that can be told to fail as real lines do: TCP connections to a loopback port of its own are forwarded
/// to the server's. One thread of its own, any thread gives orders; it ends with the last reference.
package final class LinkProxy: Sendable {
  package enum State: Hashable, Sendable {
    /// Everything is forwarded.
    case open
    /// Connections are reset, new ones refused; what was on its way is lost.
    case cut
    /// Packets vanish, in both directions: nothing is acknowledged, refused or reset. Connections outlast it if it is short.
    case silent
    /// Connections are taken, everything is acknowledged and nothing answered: a server that hangs, or a middlebox for it.
    case mute
  }

  package enum Direction: Hashable, Sendable {
    /// To the server.
    case up
    case down
  }

  package let port: Int
  private let shared: Shared
  private let thread: Mutex<NamedThread?>

  /// Listens at once; the server need not be there. A connection is reset where the server takes none.
  /// - Parameter target: the server's port on loopback.
  package init(to target: Int) throws {
    let loop = try LinkLoop(to: target)
    port = loop.port
    shared = loop.shared
    thread = Mutex(NamedThread.start("link") { loop.run() })
  }

  deinit {
    shared.order { $0.mustStop = true }
    if let running = thread.withLock({ $0.take() }) { running.join() }
  }

  /// What tests and the thread share.
  final class Shared: Sendable {
    let wakeUp: WakeUp
    private let orders = Mutex(Orders())
    private let counters = Mutex(Counters())

    init() throws(SystemError) { wakeUp = try WakeUp() }

    var current: Orders { orders.withLock { $0 } }

    func order(_ change: (inout Orders) -> Void) {
      orders.withLock { change(&$0) }
      wakeUp.signal()
    }

    /// Returns when the thread does as it was told.
    func orderAndWait(_ change: (inout Orders) -> Void) {
      let number = orders.withLock {
        change(&$0)
        $0.number += 1
        return $0.number
      }
      wakeUp.signal()
      while counters.withLock({ $0.orders < number }) { usleep(1000) }
    }

    func count<Result>(_ body: (inout Counters) -> Result) -> Result { counters.withLock { body(&$0) } }
  }

  struct Orders: Sendable {
    var number = 0
    var state = State.open
    var delayMilliseconds = 0
    var bytesPerSecond: Int?
    var turn: Turn?
    var mustStop = false

    /// `bytes` more have been forwarded in the turn's direction.
    mutating func approachTurn(_ bytes: Int) {
      guard let coming = turn else { return }
      turn!.bytes = max(0, coming.bytes - bytes)
      guard turn!.bytes == 0 else { return }
      state = coming.state
      turn = nil
    }
  }

  /// The state changes when so many bytes more have been forwarded.
  struct Turn: Sendable {
    var state: State
    var bytes: Int
    var direction: Direction
  }

  struct Counters: Sendable {
    /// The last that is carried out.
    var orders = 0
    var state = State.open
    var connections = 0
    var bytesUp = 0
    var bytesDown = 0
    /// What came first on each connection.
    var openings: [[UInt8]] = []
  }
}

// Orders.
extension LinkProxy {
  /// What the line is now.
  package var state: State { shared.count { $0.state } }

  /// Returns when the line is so.
  package func become(_ state: State) {
    shared.orderAndWait {
      $0.state = state
      $0.turn = nil
    }
  }

  /// Is open until `bytes` more have been forwarded, and then `state`: in the middle of whatever that is the middle of.
  package func become(_ state: State, after bytes: Int, _ direction: Direction) {
    shared.orderAndWait {
      $0.state = .open
      $0.turn = Turn(state: state, bytes: bytes, direction: direction)
    }
  }

  /// - Parameters:
  ///   - delayMilliseconds: in each direction.
  ///   - bytesPerSecond: in each direction, over all connections; nil: no limit.
  package func setLine(delayMilliseconds: Int = 0, bytesPerSecond: Int? = nil) {
    shared.order {
      $0.delayMilliseconds = delayMilliseconds
      $0.bytesPerSecond = bytesPerSecond
    }
  }
}

// What has been seen.
extension LinkProxy {
  /// How many connections have been taken.
  package var connections: Int { shared.count { $0.connections } }
  /// Forwarded to the server.
  package var bytesUp: Int { shared.count { $0.bytesUp } }
  /// Forwarded from the server.
  package var bytesDown: Int { shared.count { $0.bytesDown } }
  /// What clients have sent, the first 64 KiB of each connection.
  package var openings: [[UInt8]] { shared.count { $0.openings } }
}
