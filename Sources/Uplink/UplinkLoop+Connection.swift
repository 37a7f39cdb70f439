import Platform
import Records
import Storage

// The connection.
extension UplinkLoop {
  /// Does what somebody has asked for meanwhile, and what the schedule has it do.
  func obey(_ now: Int64) {
    let orders = shared.takeOrders()
    lookAtSchedule(now)
    let reason: Pause? = orders.isPaused ? .command : isOutsideSchedule ? .schedule : nil
    if let reason {
      if reason != pause { begin(reason) }
    } else if pause != nil {
      phase = .disconnected(retryAt: now)
      backoff.reset()
      Journal.notice("uplink \(status.name): goes on")
    }
    if orders.retriesAtOnce { tryAtOnce(now) }
  }

  /// Waits neither for the next try nor for a connection on which nothing moves: it may have been made, or broken off, while
  /// there was no network, and would take its time to find out.
  private func tryAtOnce(_ now: Int64) {
    switch phase {
    case .disconnected: break
    case .connecting where now - lastMoved > Self.second: disconnect()
    case .shipping where now - lastMoved > 2 * Self.second:
      status.retries += 1
      disconnect()
    case .connecting, .shipping, .idle, .paused: return
    }
    backoff.reset()
    phase = .disconnected(retryAt: now)
  }

  private var pause: Pause? { if case .paused(let reason) = phase { reason } else { nil } }

  private func begin(_ reason: Pause) {
    disconnect()
    phase = .paused(reason)
    switch reason {
    case .command: Journal.notice("uplink \(status.name): paused by command")
    case .schedule: Journal.notice("uplink \(status.name): its schedule has it wait")
    }
  }

  /// Every few seconds is enough: spans are of minutes.
  private func lookAtSchedule(_ now: Int64) {
    guard let schedule = configuration.schedule, now >= nextLookAtSchedule else { return }
    nextLookAtSchedule = now + 5 * Self.second
    let wall = time.wallMilliseconds()
    let minutes = schedule.minutesUntilOpen(LocalTime(milliseconds: wall).minuteOfWeek)
    isOutsideSchedule = minutes > 0
    // The minute's own seconds have passed already.
    status.opensAt =
      minutes > 0 ? Timestamp(milliseconds: wall / 60_000 * 60_000 + Int64(minutes) * 60_000) : nil
  }

  func connect(_ now: Int64) {
    do throws(TargetFailure) {
      phase = .connecting(deadline: now + Self.connectLimit)
      lastMoved = now
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
    leaveBehind()
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
    // It may be for one of them that the connection failed.
    do throws(StorageError) { try mendUnreadable() } catch { report("\(error)") }
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
