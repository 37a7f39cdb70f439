import Platform
import Records

// The connection.
extension UplinkLoop {
  /// Does what somebody has asked for meanwhile.
  func obey(_ now: Int64) {
    let orders = shared.takeOrders()
    if orders.isPaused, !isPaused {
      disconnect()
      phase = .paused
      Journal.notice("uplink \(status.name): paused by command")
    } else if !orders.isPaused, isPaused {
      phase = .disconnected(retryAt: now)
      backoff.reset()
      Journal.notice("uplink \(status.name): goes on")
    }
    if orders.retriesAtOnce, case .disconnected = phase {
      backoff.reset()
      phase = .disconnected(retryAt: now)
    }
  }

  private var isPaused: Bool { if case .paused = phase { true } else { false } }

  func connect(_ now: Int64) {
    do throws(TargetFailure) {
      phase = .connecting(deadline: now + Self.connectLimit)
      try target.connect()
    } catch {
      fail(error.description)
    }
  }

  func becomeReady() {
    status.connectedSince = Timestamp(milliseconds: time.wallMilliseconds())
    Journal.notice("uplink \(status.name): connected to \(status.target)")
    lastReported = nil
    phase = .idle
    ship(time.monotonicNanoseconds())
  }

  /// Drops the connection: what was on its way is to be sent again.
  private func disconnect() {
    target.disconnect()
    status.connectedSince = nil
    sentCount = 0
  }

  func fail(_ reason: String) {
    if sentCount > 0 { status.retries += 1 }
    disconnect()
    report(reason)
    phase = .disconnected(retryAt: time.monotonicNanoseconds() + backoff.next() * 1_000_000)
  }

  /// Logs an error that is not the same as the one before, so that an outage is one line.
  func report(_ reason: String) {
    status.lastError = reason
    guard lastReported != reason else { return }
    lastReported = reason
    Journal.warning("uplink \(status.name): \(reason)")
  }
}
