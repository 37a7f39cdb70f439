import Platform
import Testing

/// Runs a suite's tests on a thread of its own: the test runner has as many threads as cores, and a test that waits for servers
/// keeps one from all the others, whose time limits run.
struct OwnThreadTrait: SuiteTrait, TestScoping {
  func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    try await withTaskExecutorPreference(ThreadExecutor(), operation: function)
  }
}

extension Trait where Self == OwnThreadTrait {
  static var ownThread: Self { Self() }
}

/// A thread for whoever prefers it, until the last reference goes.
final class ThreadExecutor: TaskExecutor {
  private let queue = Condition(Queue())

  private struct Queue {
    var jobs: [UnownedJob] = []
    var isOver = false
  }

  private enum Order {
    case run(UnownedJob)
    case end
  }

  init() {
    let executor = asUnownedTaskExecutor()
    // Never joined: the last reference may go on the thread itself.
    _ = NamedThread.start("tests") { [queue] in
      while true {
        let order = queue.wait { queue in
          queue.jobs.isEmpty ? queue.isOver ? Order.end : nil : .run(queue.jobs.removeFirst())
        }
        guard case .run(let job) = order else { return }
        job.runSynchronously(on: executor)
      }
    }
  }

  deinit {
    queue.withLock { $0.isOver = true }
    queue.signal()
  }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.withLock { $0.jobs.append(job) }
    queue.signal()
  }
}
