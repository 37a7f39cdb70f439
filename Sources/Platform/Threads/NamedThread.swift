import CLinux
import Glibc

/// A plain thread with a name that `top -H` shows. Not the concurrency pool: that has as many threads as cores, and one
/// blocked `fdatasync` would stall it.
package struct NamedThread: ~Copyable, Sendable {
  private let thread: pthread_t

  /// Starts `body` on a thread of its own. What it captures is handed over to that thread.
  /// - Parameter name: at most 15 bytes are kept.
  package static func start(_ name: String, _ body: sending @escaping () -> Void) -> NamedThread {
    let start = Start(name, body)
    var thread = pthread_t()
    let code = pthread_create(&thread, nil, runThread, Unmanaged.passRetained(start).toOpaque())
    // The process is at its thread limit: nothing here can go on sensibly without the thread it asked for.
    precondition(code == 0, "pthread_create: \(String(cString: strerror(code)))")
    return NamedThread(thread: thread)
  }

  /// Lets every other thread of the machine go first from now on: for work in the background. Of the calling thread.
  package static func yieldToOthers() {
    linux_yield_current_thread()
  }

  /// Goes before other threads from now on where that is permitted: for work that many wait for. Of the calling thread.
  package static func hasten() {
    linux_hasten_current_thread()
  }

  /// Waits for the thread to end.
  package consuming func join() {
    pthread_join(thread, nil)
  }
}

private final class Start {
  let name: String
  let body: () -> Void

  init(_ name: String, _ body: @escaping () -> Void) {
    self.name = name
    self.body = body
  }
}

private func runThread(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  let start = Unmanaged<Start>.fromOpaque(argument!).takeRetainedValue()
  _ = linux_name_current_thread(start.name)
  start.body()
  return nil
}
