/// Tells how old a segment is, whatever the wall clock does. Pure: the caller brings both clocks.
///
/// A box without a battery boots in 1970, a wrong time server steps it to 2036 and back. Nothing may go for that. So age is
/// counted in *running time*: milliseconds by the monotonic clock for which the log has been open, over all its life, kept
/// in `LogHistory`. A segment that was closed at running time 5 is at running time 9 four old, and that is certain.
///
/// What running time misses is the time the box was off. Only the wall clock tells of that, so it is believed in part: where
/// it says that more time has passed, the excess counts as far as time has really passed since the wall clock last stepped
/// (a start of the log is a step). Hence:
///
/// - A step forward by years ages everything by no more than the time it lasts, and stepping back takes that back.
/// - A step back, and any time before 2020, which no running box has seen, count as nothing.
/// - A box that was off for a hundred days has aged its records by all of them a hundred days after it is on again.
/// - Counted in running time, nothing is too old before half of `log.maxAge`, and everything is after all of it.
package struct LogClock: Hashable, Sendable {
  /// A moment, by both clocks.
  package struct Stamp: Hashable, Sendable {
    /// Running time, in milliseconds.
    package var running: Int64
    /// Milliseconds since 1970, as the wall clock said.
    package var wall: Int64

    package init(running: Int64, wall: Int64) {
      self.running = running
      self.wall = wall
    }
  }

  /// 2020-01-01.
  private static let earliestWall: Int64 = 1_577_836_800_000
  /// The clocks may drift apart by this between two looks: more is a step, or a box that slept.
  private static let stepMilliseconds: Int64 = 5000

  private let runningAtStart: Int64
  private let startNanoseconds: Int64
  private var lastStep: Int64
  private var last: Stamp

  /// - Parameters:
  ///   - running: running time so far, of the log's whole life.
  ///   - monotonic: nanoseconds.
  ///   - wall: milliseconds since 1970.
  package init(running: Int64, monotonic: Int64, wall: Int64) {
    runningAtStart = running
    startNanoseconds = monotonic
    lastStep = running
    last = Stamp(running: running, wall: wall)
  }

  /// Looks at the clocks; the last look is what `age` goes by. To be called every minute or so.
  package mutating func observe(monotonic: Int64, wall: Int64) {
    let now = stamp(monotonic: monotonic, wall: wall)
    let drift = (now.wall - last.wall) - (now.running - last.running)
    if abs(drift) > Self.stepMilliseconds { lastStep = now.running }
    last = now
  }

  /// As of the last look.
  package var now: Stamp { last }

  package func stamp(monotonic: Int64, wall: Int64) -> Stamp {
    Stamp(running: runningAtStart + max(0, monotonic - startNanoseconds) / 1_000_000, wall: wall)
  }

  /// Milliseconds since `stamp`, as of the last look.
  package func age(of stamp: Stamp) -> Int64 {
    let certain = max(0, last.running - stamp.running)
    guard stamp.wall >= Self.earliestWall, last.wall >= Self.earliestWall else { return certain }
    let excess = max(0, last.wall - stamp.wall - certain)
    return certain + min(excess, last.running - lastStep)
  }
}
