import Platform
import Synchronization

/// Who may connect: how many connections there are on all ingress threads, and from each address (IPv6: network) but this
/// machine's own. Any thread.
final class Admissions: Sendable {
  private struct State {
    var count = 0
    var byAddress: [SocketAddress: Int] = [:]
  }

  private let state = Mutex(State())
  private let maxConnections: Int
  private let maxPerAddress: Int

  init(maxConnections: Int, maxPerAddress: Int) {
    self.maxConnections = maxConnections
    self.maxPerAddress = maxPerAddress
  }

  /// Counts a connection from `peer`, until `dismiss`.
  /// - Returns: why there are too many already, and it is not counted; nil: it is.
  func admit(_ peer: SocketAddress) -> ConnectionEnd? {
    let address = peer.isLoopback ? nil : peer.network
    return state.withLock { state in
      guard state.count < maxConnections else { return .tooManyConnections }
      if let address {
        let count = state.byAddress[address, default: 0]
        guard count < maxPerAddress else { return .tooManyFromAddress }
        state.byAddress[address] = count + 1
      }
      state.count += 1
      return nil
    }
  }

  /// The connection is no more.
  func dismiss(_ peer: SocketAddress) {
    let address = peer.isLoopback ? nil : peer.network
    state.withLock { state in
      state.count -= 1
      guard let address, let count = state.byAddress[address] else { return }
      state.byAddress[address] = count > 1 ? count - 1 : nil
    }
  }
}
