import Records
import Synchronization

/// How the first ingress thread comes by what the others know, for the state file: it asks, each answers at a tick of its own,
/// and once all have, it writes. Any thread.
///
/// The parts are not of one moment, and need not be: what changes behind the offset of a part is in the log behind it, and is
/// read from there again, so the file begins where the oldest of its parts does.
final class StateParts: Sendable {
  /// What one thread knows.
  struct Part: Sendable {
    var sessions: [[UInt8]: StoredSession] = [:]
    var groups: [SharedGroup.Key: Offset] = [:]
    /// Of the log: what it has from there on, the part may be without.
    var offset: Offset
  }

  private struct State {
    var isAsked: [Bool]
    /// Of the first thread none is needed.
    var parts: [Part?]
  }

  private let state: Mutex<State>
  private let changed = Atomic(false)
  private let messageBytes = Atomic(0)

  init(threads: Int) {
    state = Mutex(
      State(isAsked: Array(repeating: false, count: threads), parts: Array(repeating: nil, count: threads)))
  }

  /// Asks all threads but the first.
  func ask() {
    state.withLock { state in
      for thread in state.parts.indices.dropFirst() {
        state.isAsked[thread] = true
        state.parts[thread] = nil
      }
    }
  }

  func isAsked(_ thread: Int) -> Bool { state.withLock { $0.isAsked[thread] } }

  /// The thread's answer.
  func put(_ part: Part, of thread: Int) {
    state.withLock { state in
      state.isAsked[thread] = false
      state.parts[thread] = part
    }
  }

  /// The parts of all threads but the first; nil while one is missing.
  func take() -> [Part]? {
    state.withLock { state in
      let parts = state.parts.dropFirst().compactMap { $0 }
      guard parts.count == state.parts.count - 1 else { return nil }
      for thread in state.parts.indices { state.parts[thread] = nil }
      return parts
    }
  }

  /// Something has changed since the file was last begun.
  var isUnsaved: Bool { changed.load(ordering: .relaxed) }

  func noteChange(_ isUnsaved: Bool = true) {
    changed.store(isUnsaved, ordering: .relaxed)
  }

  /// Bytes of messages that have come to any thread.
  var bytes: Int { messageBytes.load(ordering: .relaxed) }

  func add(bytes: Int) {
    messageBytes.add(bytes, ordering: .relaxed)
  }
}
