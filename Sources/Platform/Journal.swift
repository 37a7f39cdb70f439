import Glibc
import Synchronization

/// Lines for the operator, on standard error. Under systemd each carries its priority, so `journalctl -p warning` works.
/// Any thread; one write per line.
package enum Journal {
  package enum Level: Int, Sendable {
    case error = 3
    case warning = 4
    case notice = 5
    case info = 6
  }

  package static func error(_ message: String) { write(.error, message) }
  package static func warning(_ message: String) { write(.warning, message) }
  package static func notice(_ message: String) { write(.notice, message) }
  package static func info(_ message: String) { write(.info, message) }

  /// Writes nothing any more: for tests that provoke tens of thousands of lines.
  package static func silence() { isSilent.store(true, ordering: .relaxed) }

  private static let isSilent = Atomic(false)
  private static let isUnderSystemd = getenv("JOURNAL_STREAM") != nil

  private static func write(_ level: Level, _ message: String) {
    if isSilent.load(ordering: .relaxed) { return }
    // What a hostile client sent may be quoted: no control characters reach the terminal.
    let printable = String(String.UnicodeScalarView(message.unicodeScalars.map { $0.value < 32 ? " " : $0 }))
    let word =
      switch level {
      case .error: "error: "
      case .warning: "warning: "
      case .notice, .info: ""
      }
    let line = isUnderSystemd ? "<\(level.rawValue)>\(printable)\n" : "forebay: \(word)\(printable)\n"
    _ = Glibc.write(2, line, line.utf8.count)
  }
}
