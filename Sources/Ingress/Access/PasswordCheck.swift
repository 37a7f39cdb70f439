package import Platform
import Synchronization

/// Checks passwords on a thread of its own, one after the other: a hash is slow to compute by design, and nothing else may
/// wait for it.
///
/// What `submit` takes is answered once: after the asker's `wakeUp.signal()`, `takeAnswers` has it. Askers are called 0, 1, …,
/// and each has its own answers. Any thread.
package final class PasswordCheck: Sendable {
  package enum Refusal: Hashable, Sendable {
    /// There is no such user, or this is not the password. Which of the two is nobody's business but the journal's.
    case wrong
    /// Too many wrong ones came from the address lately.
    case tooManyFailures
    /// Too many wait.
    case busy
  }

  package struct Answer: Sendable {
    /// What `submit` was given.
    package let id: UInt64
    /// The account as it was when the password was checked.
    package let result: Result<Account, Refused>
  }

  package struct Refused: Error, Hashable, Sendable {
    package let refusal: Refusal
  }

  package struct Limits: Hashable, Sendable {
    /// Requests that wait; further ones are refused as busy.
    package var waiting = 256
    /// Of one address among them.
    package var waitingFromOnePeer = 64

    package init() {}
  }

  private let worker: PasswordCheckWorker
  private let thread: Mutex<NamedThread?>

  /// - Parameters:
  ///   - wakeUps: one an asker, signalled after each of its answers.
  ///   - matches: whether a hash is that of a password; tests put their own in its place.
  package init(
    _ accounts: Accounts, wakeUps: [WakeUp], limits: Limits = Limits(), failedLogins: FailedLogins = FailedLogins(),
    time: any TimeSource = SystemTime(),
    matches: @escaping @Sendable (PasswordHash, [UInt8]) -> Bool = { $0.matches($1) }
  ) {
    let worker = PasswordCheckWorker(accounts, wakeUps, limits, failedLogins, time, matches)
    self.worker = worker
    thread = Mutex(NamedThread.start("passwords") { worker.run() })
  }

  /// Asks for `user` and `password` to be checked.
  /// - Parameters:
  ///   - id: comes back with the answer. A client that has gone meanwhile is answered all the same.
  ///   - peer: where the client is, for the limit of wrong passwords.
  /// - Returns: why it is refused at once; nil: the answer comes later.
  package func submit(
    id: UInt64, user: [UInt8], password: [UInt8], peer: SocketAddress, asker: Int = 0
  ) -> Refusal? {
    worker.submit(.init(id: id, user: user, password: password, peer: peer, asker: asker))
  }

  /// The asker's answers since the last time, in the order of its requests.
  package func takeAnswers(asker: Int = 0) -> [Answer] { worker.takeAnswers(asker) }

  /// Checks against other accounts from now on, and wakes every asker. Any thread.
  package func replace(_ accounts: Accounts) { worker.replace(accounts) }

  /// The accounts, for each asker once after each `replace`: for whoever decides what becomes of those who are in.
  package func takeReplacement(asker: Int = 0) -> Accounts? { worker.takeReplacement(asker) }

  package var accounts: Accounts { worker.accounts }
  package var status: PasswordCheckStatus { worker.status }

  /// Ends the thread, after the check under way; what waits is not answered. Does nothing the second time.
  package func stop() {
    worker.stop()
    let running = thread.withLock { $0.take() }
    if let running { running.join() }
  }
}
