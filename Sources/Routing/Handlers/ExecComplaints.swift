import Platform

/// What a child writes to its error output: to the journal, line by line and at a bounded rate; the last line goes into
/// the reason when the child fails.
struct ExecComplaints: ~Copyable {
  private static let maximumLineBytes = 1000

  private let route: String
  private var lines = LineBuffer(maximumLineBytes: maximumLineBytes)
  private var limit = RateLimit(burst: 100, everyMilliseconds: 100)
  private var last: String?

  init(route: String) {
    self.route = route
  }

  /// Reads what there is.
  mutating func read(from child: ChildProcess) {
    while true {
      let result = child.readErrors(into: &lines.pending)
      var found: [String] = []
      lines.takeLines { found.append($0) }
      var isOver = true
      if case .moved = result { isOver = false }
      if case .wouldBlock = result {} else if isOver, let rest = lines.takeRest() { found.append(rest) }
      for line in found where !line.isEmpty {
        last = line
        note(line)
      }
      if isOver { return }
    }
  }

  mutating func note(_ line: String) {
    guard limit.permits(at: SystemTime().monotonicNanoseconds()) else { return }
    let suppressed = limit.takeSuppressed()
    Journal.info("route \(route): handler: \(line)" + (suppressed > 0 ? " (\(suppressed) lines not shown)" : ""))
  }

  /// For the end of a reason: `: KeyError: 'temp'`, or nothing.
  var lastWord: String { last.map { ": \($0)" } ?? "" }

  /// A new child begins.
  mutating func forget() {
    last = nil
    lines = LineBuffer(maximumLineBytes: Self.maximumLineBytes)
  }
}
