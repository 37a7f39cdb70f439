import Platform

/// How fast sealing goes: it rests three times as long as it works while messages come in, so that it never takes more
/// than a quarter of a core or of the disk from them; not at all where so much is unsealed that it would be dropped
/// before it is sealed. One owner, one thread.
struct SealingPace {
  private let state: LogState
  private var commits = 0
  private var pieceBegan: Int64 = 0

  private static let restRatio: Int64 = 3
  private static let longestRestMilliseconds: Int64 = 500

  init(_ state: LogState) {
    self.state = state
  }

  mutating func begin() {
    commits = state.metrics.commits
    pieceBegan = state.time.monotonicNanoseconds()
  }

  /// Rests after a piece of work.
  /// - Returns: true, always.
  mutating func pause() -> Bool {
    let worked = (state.time.monotonicNanoseconds() - pieceBegan) / 1_000_000
    if state.metrics.commits != commits, !isBehind {
      state.time.sleep(milliseconds: Int(min(worked * Self.restRatio, Self.longestRestMilliseconds)))
    }
    begin()
    return true
  }

  private var isBehind: Bool {
    let unsealed = state.segments.all.reduce(0) { $0 + ($1.isSealed ? 0 : $1.bytes) }
    return unsealed > state.configuration.maxBytes / 2
  }
}
