/// Tells an idle daemon from one that is stuck, by counters that move. Pure: the caller brings the time.
///
/// Each ingress thread turns at least once a second, so one that stands still is stuck. The commit may have nothing to
/// do: it is stuck only when there were new messages and no commit came after them.
package struct ProgressWatch: Sendable {
  /// What the stages have counted so far.
  package struct Counters: Hashable, Sendable {
    /// Of each ingress thread.
    package var turns: [Int]
    package var messages = 0
    package var commits = 0
    /// The commit waits for room on the disk, and says so: a restart would not help.
    package var waitsForRoom = false

    package init(turns: [Int] = [], messages: Int = 0, commits: Int = 0, waitsForRoom: Bool = false) {
      self.turns = turns
      self.messages = messages
      self.commits = commits
      self.waitsForRoom = waitsForRoom
    }
  }

  package enum Stall: String, Hashable, Sendable {
    case ingress = "an ingress thread has not turned"
    case commit = "messages have waited for a commit"
  }

  /// How long something may stand still.
  let limitMilliseconds: Int64
  private var last = Counters()
  /// Of each ingress thread.
  private var lastTurns: [Int64] = []
  private var messagesAtLastCommit = 0
  /// When messages began to wait; nil while none do.
  private var waitingSince: Int64?

  package init(limitMilliseconds: Int64) {
    self.limitMilliseconds = limitMilliseconds
  }

  /// What stands still, or nil when all is well.
  /// - Parameter now: monotonic milliseconds.
  package mutating func observe(_ counters: Counters, now: Int64) -> Stall? {
    let hasStopped = hasStopped(counters.turns, now)
    if counters.commits != last.commits || counters.waitsForRoom {
      if !counters.waitsForRoom { messagesAtLastCommit = counters.messages }
      waitingSince = nil
    } else if counters.messages > messagesAtLastCommit, waitingSince == nil {
      waitingSince = now
    }
    last = counters
    if hasStopped { return .ingress }
    if let waitingSince, now - waitingSince > limitMilliseconds { return .commit }
    return nil
  }

  /// Whether one of the ingress threads has stood still for too long.
  private mutating func hasStopped(_ turns: [Int], _ now: Int64) -> Bool {
    var hasStopped = false
    for (thread, turn) in turns.enumerated() {
      if thread == lastTurns.count { lastTurns.append(now) }
      if thread >= last.turns.count || turn != last.turns[thread] { lastTurns[thread] = now }
      if now - lastTurns[thread] > limitMilliseconds { hasStopped = true }
    }
    return hasStopped
  }
}
