/// Tells an idle daemon from one that is stuck, by counters that move. Pure: the caller brings the time.
///
/// The ingress loop turns at least once a second, so standing still is enough to be stuck. The commit may have nothing to
/// do: it is stuck only when there were new messages and no commit came after them.
package struct ProgressWatch: Sendable {
  /// What the stages have counted so far.
  package struct Counters: Hashable, Sendable {
    package var turns = 0
    package var messages = 0
    package var commits = 0
    /// The commit waits for room on the disk, and says so: a restart would not help.
    package var waitsForRoom = false

    package init(turns: Int = 0, messages: Int = 0, commits: Int = 0, waitsForRoom: Bool = false) {
      self.turns = turns
      self.messages = messages
      self.commits = commits
      self.waitsForRoom = waitsForRoom
    }
  }

  package enum Stall: String, Hashable, Sendable {
    case ingress = "the ingress thread has not turned"
    case commit = "messages have waited for a commit"
  }

  /// How long something may stand still.
  let limitMilliseconds: Int64
  private var last = Counters()
  private var lastTurn: Int64
  private var messagesAtLastCommit = 0
  /// When messages began to wait; nil while none do.
  private var waitingSince: Int64?

  /// - Parameter now: monotonic milliseconds, here and below.
  package init(limitMilliseconds: Int64, now: Int64) {
    self.limitMilliseconds = limitMilliseconds
    lastTurn = now
  }

  /// What stands still, or nil when all is well.
  package mutating func observe(_ counters: Counters, now: Int64) -> Stall? {
    if counters.turns != last.turns { lastTurn = now }
    if counters.commits != last.commits || counters.waitsForRoom {
      if !counters.waitsForRoom { messagesAtLastCommit = counters.messages }
      waitingSince = nil
    } else if counters.messages > messagesAtLastCommit, waitingSince == nil {
      waitingSince = now
    }
    last = counters
    if now - lastTurn > limitMilliseconds { return .ingress }
    if let waitingSince, now - waitingSince > limitMilliseconds { return .commit }
    return nil
  }
}
