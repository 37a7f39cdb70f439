import Platform
import Synchronization

/// Writes the state file on a thread of its own, one at a time, so that ingest never waits for that disk.
final class StateSaver {
  private let directory: String
  private let isBusy = Flag()
  private var thread: NamedThread?

  private final class Flag: Sendable {
    let value = Atomic(false)
  }

  init(_ directory: String) {
    self.directory = directory
  }

  /// Whether the last one is written, or has failed.
  var isReady: Bool { !isBusy.value.load(ordering: .acquiring) }

  /// Must be ready.
  func save(_ bytes: [UInt8]) {
    finish()
    isBusy.value.store(true, ordering: .releasing)
    let flag = isBusy
    let directory = directory
    thread = NamedThread.start("mqtt-state") {
      NamedThread.yieldToOthers()
      do throws(SystemError) {
        try StateFile.write(bytes, directory)
      } catch {
        Journal.error(
          "mqtt: sessions cannot be noted in \(directory): \(error); they stay in the log while it has them")
      }
      flag.value.store(false, ordering: .releasing)
    }
  }

  /// Waits for the one that is being written.
  func finish() {
    guard let running = thread.take() else { return }
    running.join()
  }
}
