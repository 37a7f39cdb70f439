import Platform
import Synchronization

/// Ctrl-C and SIGTERM as a flag that whatever takes long looks at, so that the data is removed on the way out.
enum Interruption {
  private static let isRequested = Atomic(false)

  /// Called before any other thread is started: those inherit that the signals are not for them.
  static func watch() throws {
    let signals = try SignalSource()
    _ = NamedThread.start("signals") {
      while true {
        guard let signal = signals.wait(milliseconds: -1), signal != .hangUp else { continue }
        isRequested.store(true, ordering: .relaxed)
      }
    }
  }

  static var isSet: Bool { isRequested.load(ordering: .relaxed) }

  static func check() throws(BenchmarkError) {
    if isSet { throw .interrupted }
  }
}
