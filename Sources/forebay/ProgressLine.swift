import Platform

/// How far a long command has come: one line on standard error that is written over, `log verify  42 %  310 MiB/s  12 s left`.
/// Nothing where standard error is no terminal. One owner, one thread.
struct ProgressLine {
  private let label: String
  private let unit: Unit
  private let isShown: Bool
  private let startedAt: Int64
  private var shownAt: Int64
  private var isOnScreen = false

  enum Unit {
    case bytes
    case records
  }

  private static let intervalNanoseconds: Int64 = 200_000_000

  /// - Parameter isWanted: false: never show anything.
  init(_ label: String, in unit: Unit = .bytes, isWanted: Bool = true) {
    self.label = label
    self.unit = unit
    isShown = isWanted && StandardError.isTerminal
    startedAt = isShown ? SystemTime().monotonicNanoseconds() : 0
    // What ends within the first moment needs no such line.
    shownAt = startedAt
  }

  /// Shows that `done` of `total` are done, at most five times a second.
  mutating func update(_ done: Int, of total: Int) {
    guard isShown else { return }
    let now = SystemTime().monotonicNanoseconds()
    guard now - shownAt >= Self.intervalNanoseconds else { return }
    shownAt = now
    isOnScreen = true
    StandardError.write("\r\u{1B}[K" + text(done, of: total, milliseconds: (now - startedAt) / 1_000_000))
  }

  /// Takes the line away, so that something else can be written there.
  mutating func clear() {
    guard isOnScreen else { return }
    isOnScreen = false
    shownAt = 0
    StandardError.write("\r\u{1B}[K")
  }

  func text(_ done: Int, of total: Int, milliseconds: Int64) -> String {
    let seconds = Double(max(milliseconds, 1)) / 1000
    let rate = Double(done) / seconds
    let percent = total > 0 ? min(done, total) * 100 / total : 100
    let left = rate > 0 ? Int((Double(max(total - done, 0)) / rate).rounded(.up)) : 0
    let speed =
      switch unit {
      case .bytes: "\(Int(rate / 1_048_576)) MiB/s"
      case .records: "\(Int(rate)) records/s"
      }
    return "\(label)  \(percent) %  \(speed)  \(Self.duration(left)) left"
  }

  private static func duration(_ seconds: Int) -> String {
    seconds < 60 ? "\(seconds) s" : "\(seconds / 60) min \(seconds % 60) s"
  }
}
