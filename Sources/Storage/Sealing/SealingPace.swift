import Platform
import Records

/// Measures how sealing and ingest go, and rests between two pieces of work where `SealingPolicy` says so. One owner, one thread.
struct SealingPace {
  private let state: LogState
  private let policy: SealingPolicy
  private var commits = 0
  private var pieceBegan: Int64 = 0
  private var measurement = Measurement()
  private var keepsUp = true

  /// What has been sealed and what has come in since some moment.
  private struct Measurement {
    var began: Int64 = 0
    var ingestedBefore = 0
    var sealedBytes = 0
    var worked: Int64 = 0
  }

  private static let restRatio: Int64 = 3
  private static let longestRestMilliseconds: Int64 = 500
  private static let measuredNanoseconds: Int64 = 500_000_000

  init(_ state: LogState) {
    self.state = state
    let configuration = state.configuration
    policy = SealingPolicy(
      maxBytes: configuration.maxBytes, segmentBytes: configuration.segmentBytes, whenFull: configuration.whenFull)
  }

  /// A segment is begun.
  mutating func begin() {
    let now = state.time.monotonicNanoseconds()
    // How it was before the last pause without work says nothing.
    if now - pieceBegan > 2 * Self.measuredNanoseconds {
      keepsUp = true
      measureAnew(now)
    }
    beginPiece()
  }

  private mutating func beginPiece() {
    commits = state.metrics.commits
    pieceBegan = state.time.monotonicNanoseconds()
  }

  var plan: SealingPolicy.Plan {
    policy.plan(state.segments.all, slowest: state.consumers.all.first?.position, keepsUp: keepsUp)
  }

  /// Rests after a piece of work that has taken care of so many bytes.
  /// - Returns: true, always.
  mutating func pause(after bytes: Int) -> Bool {
    let now = state.time.monotonicNanoseconds()
    let worked = now - pieceBegan
    measurement.sealedBytes += bytes
    measurement.worked += worked
    if now - measurement.began >= Self.measuredNanoseconds { judge(now) }
    if state.metrics.commits != commits, plan.rests {
      let rest = min(worked / 1_000_000 * Self.restRatio, Self.longestRestMilliseconds)
      state.time.sleep(milliseconds: Int(rest))
    }
    beginPiece()
    return true
  }

  private mutating func judge(_ now: Int64) {
    let ingested = Double(state.metrics.bytesWritten - measurement.ingestedBefore)
    let elapsed = Double(now - measurement.began)
    keepsUp = Double(measurement.sealedBytes) * elapsed >= ingested * Double(measurement.worked)
    measureAnew(now)
  }

  private mutating func measureAnew(_ now: Int64) {
    measurement = Measurement(began: now, ingestedBefore: state.metrics.bytesWritten)
  }
}
