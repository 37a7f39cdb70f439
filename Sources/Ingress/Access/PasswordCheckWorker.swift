import Platform

/// What the password check's thread and its handle share, and the thread's loop.
final class PasswordCheckWorker: Sendable {
  struct Request: Sendable {
    let id: UInt64
    let user: [UInt8]
    let password: [UInt8]
    let peer: SocketAddress
    let asker: Int
  }

  private struct Asker {
    let wakeUp: WakeUp
    var answers: [PasswordCheck.Answer] = []
    /// The accounts were replaced, and it has not been told.
    var hasReplacement = false
  }

  private struct State {
    var accounts: Accounts
    var failedLogins: FailedLogins
    var waiting: [Request] = []
    var askers: [Asker]
    var status = PasswordCheckStatus()
    var journal = RateLimit(burst: 10, everyMilliseconds: 1000)
    var mustStop = false
  }

  private let state: Condition<State>
  private let limits: PasswordCheck.Limits
  private let time: any TimeSource
  private let matches: @Sendable (PasswordHash, [UInt8]) -> Bool

  init(
    _ accounts: Accounts, _ wakeUps: [WakeUp], _ limits: PasswordCheck.Limits, _ failedLogins: FailedLogins,
    _ time: any TimeSource, _ matches: @escaping @Sendable (PasswordHash, [UInt8]) -> Bool
  ) {
    let askers = wakeUps.map { Asker(wakeUp: $0) }
    state = Condition(State(accounts: accounts, failedLogins: failedLogins, askers: askers))
    self.limits = limits
    self.time = time
    self.matches = matches
  }

  var accounts: Accounts { state.withLock { $0.accounts } }

  var status: PasswordCheckStatus {
    state.withLock { state in
      var status = state.status
      status.waiting = state.waiting.count
      return status
    }
  }

  func replace(_ accounts: Accounts) {
    state.withLock { state in
      state.accounts = accounts
      for asker in state.askers.indices {
        state.askers[asker].hasReplacement = true
        state.askers[asker].wakeUp.signal()
      }
    }
  }

  func takeReplacement(_ asker: Int) -> Accounts? {
    state.withLock { state in
      defer { state.askers[asker].hasReplacement = false }
      return state.askers[asker].hasReplacement ? state.accounts : nil
    }
  }

  func submit(_ request: Request) -> PasswordCheck.Refusal? {
    let now = time.monotonicNanoseconds()
    let refusal = state.withLock { state -> PasswordCheck.Refusal? in
      guard state.failedLogins.permits(request.peer, at: now) else {
        state.status.tooManyFailures += 1
        return .tooManyFailures
      }
      let network = request.peer.network
      guard state.waiting.count < limits.waiting,
        state.waiting.count(where: { $0.peer.network == network }) < limits.waitingFromOnePeer
      else {
        state.status.busy += 1
        return .busy
      }
      state.waiting.append(request)
      return nil
    }
    if refusal == nil { state.signal() }
    return refusal
  }

  func takeAnswers(_ asker: Int) -> [PasswordCheck.Answer] {
    state.withLock { state in
      defer { state.askers[asker].answers = [] }
      return state.askers[asker].answers
    }
  }

  func stop() {
    state.withLock { $0.mustStop = true }
    state.broadcast()
  }

  /// The loop of the thread.
  func run() {
    while let (request, accounts, mayTry) = next() {
      // Not tried: what has waited while its address failed too often is not looked at any more.
      let verdict = mayTry ? check(request, accounts) : .failure(.init(refusal: .tooManyFailures))
      finish(request, verdict, accounts)
    }
  }

  private func next() -> (Request, Accounts, mayTry: Bool)? {
    let next = state.wait { state -> (Request, Accounts)?? in
      if state.mustStop { return .some(nil) }
      return state.waiting.isEmpty ? nil : .some((state.waiting.removeFirst(), state.accounts))
    }
    guard let (request, accounts) = next else { return nil }
    let now = time.monotonicNanoseconds()
    return (request, accounts, state.withLock { $0.failedLogins.permits(request.peer, at: now) })
  }

  /// The slow part, without the lock. A user who is not there costs the same time as one who is.
  private func check(_ request: Request, _ accounts: Accounts) -> Result<Account, PasswordCheck.Refused> {
    let account = accounts.account(named: request.user)
    guard let tried = account ?? accounts.decoy(for: request.user) else { return .failure(.init(refusal: .wrong)) }
    let isRight = matches(tried.hash, request.password)
    guard let account, isRight else { return .failure(.init(refusal: .wrong)) }
    return .success(account)
  }

  private func finish(
    _ request: Request, _ verdict: Result<Account, PasswordCheck.Refused>, _ accounts: Accounts
  ) {
    let now = time.monotonicNanoseconds()
    let line = state.withLock { state -> String? in
      state.askers[request.asker].answers.append(.init(id: request.id, result: verdict))
      defer { state.askers[request.asker].wakeUp.signal() }
      switch verdict {
      case .success:
        state.status.accepted += 1
        return nil
      case .failure(let refused) where refused.refusal == .wrong:
        state.status.refused += 1
        state.failedLogins.note(request.peer, at: now)
        guard state.journal.permits(at: now) else { return nil }
        return Self.line(request, accounts, suppressed: state.journal.takeSuppressed())
      case .failure:
        state.status.tooManyFailures += 1
        return nil
      }
    }
    if let line { Journal.warning(line) }
  }

  private static func line(_ request: Request, _ accounts: Accounts, suppressed: Int) -> String {
    let name = String(decoding: request.user.prefix(AccountLine.maximumNameBytes), as: UTF8.self)
    let reason = accounts.account(named: request.user) == nil ? "there is no such user" : "the password is wrong"
    let more = suppressed > 0 ? " (and \(suppressed) more lately)" : ""
    return "mqtt: `\(name)` from \(request.peer.host) is refused: \(reason)\(more)"
  }
}
