import Platform
import Records

/// What a route tells the operator, at a bounded rate: a handler can fail thousands of times an hour.
struct RouteJournal {
  private let route: String
  private var limit = RateLimit(burst: 10, everyMilliseconds: 10_000)

  init(route: String) {
    self.route = route
  }

  mutating func willTryAgain(_ reason: String, afterMilliseconds milliseconds: Int, _ now: Int64) {
    warn("\(reason); trying again in \((Double(milliseconds) / 100).rounded() / 10) s", now)
  }

  mutating func gaveUp(_ offset: Offset, _ reason: String, attempts: Int, _ now: Int64) {
    warn("record \(offset) goes to the dead letters after \(attempts) attempts: \(reason)", now)
  }

  mutating func passedDeadLetter(_ offset: Offset, _ reason: String, _ now: Int64) {
    warn("dead letter \(offset) was not accepted and stays where it is: \(reason)", now)
  }

  mutating func diskFailed(_ reason: String, _ now: Int64) {
    warn(reason, now)
  }

  func handlerWorksAgain() {
    Journal.notice("route \(route): the handler works again")
  }

  private mutating func warn(_ message: String, _ now: Int64) {
    guard limit.permits(at: now) else { return }
    let suppressed = limit.takeSuppressed()
    Journal.warning("route \(route): \(message)" + (suppressed > 0 ? " (\(suppressed) messages not shown)" : ""))
  }
}
