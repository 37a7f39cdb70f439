package import Platform

/// How often each address may give a wrong password: a few times at once, then once an interval. A table of bounded size.
/// One owner, one thread.
package struct FailedLogins: Sendable {
  private let burst: Int64
  private let interval: Int64
  private let maximumPeers: Int
  /// For each network that has failed lately, when (monotonic nanoseconds) all of it is forgotten: an interval a failure.
  private var forgottenAt: [SocketAddress: Int64] = [:]

  package init(burst: Int = 5, everyMilliseconds milliseconds: Int64 = 1000, maximumPeers: Int = 10_000) {
    self.burst = Int64(burst)
    interval = milliseconds * 1_000_000
    self.maximumPeers = maximumPeers
  }

  /// Addresses that have failed lately.
  package var peerCount: Int { forgottenAt.count }

  /// Whether a client at `peer` may try a password at `now` (monotonic nanoseconds).
  package func permits(_ peer: SocketAddress, at now: Int64) -> Bool {
    guard let end = forgottenAt[peer.network] else { return true }
    return max(end - now, 0) + interval <= burst * interval
  }

  /// Notes that a password from `peer` was wrong.
  package mutating func note(_ peer: SocketAddress, at now: Int64) {
    let network = peer.network
    if forgottenAt[network] == nil, forgottenAt.count >= maximumPeers { makeRoom(now) }
    let end = max(forgottenAt[network] ?? now, now) + interval
    // What was under way at once does not lock anybody out for longer than a burst does.
    forgottenAt[network] = min(end, now + burst * interval)
  }

  /// Forgets what is over, or else whoever is nearest to it.
  private mutating func makeRoom(_ now: Int64) {
    forgottenAt = forgottenAt.filter { $0.value > now }
    guard forgottenAt.count >= maximumPeers, let next = forgottenAt.min(by: { $0.value < $1.value }) else { return }
    forgottenAt[next.key] = nil
  }
}
