import Ingress
import Platform
import Support
import Testing

/// Passwords: on a thread of their own, with limits for those who guess.
@Suite(.timeLimit(.minutes(1))) struct PasswordCheckTests {
  private static let second: Int64 = 1_000_000_000

  @Test func `a password is checked against the hash it was made into`() throws {
    let hash = try PasswordHash.make(of: Array("correct horse".utf8))
    #expect(hash.matches(Array("correct horse".utf8)))
    #expect(!hash.matches(Array("correct horsf".utf8)))
    #expect(!hash.matches([]))
    #expect(try PasswordHash(hash.text).matches(Array("correct horse".utf8)))
    #expect(throws: PasswordHashProblem.noMethod) { try PasswordHash("plain") }
    #expect(!PasswordHash.isAcceptable([65, 0]))
  }

  @Test func `wrong passwords: a few at once, then one an interval, an address by itself`() {
    var failures = FailedLogins(burst: 3, everyMilliseconds: 1000, maximumPeers: 2)
    let (first, second) = (SocketAddress.thisMachine, SocketAddress.thisMachine)
    for _ in 0..<3 {
      #expect(failures.permits(first, at: 0))
      failures.note(first, at: 0)
    }
    #expect(!failures.permits(second, at: 0))
    #expect(!failures.permits(first, at: Self.second - 1))
    #expect(failures.permits(first, at: Self.second))
    failures.note(first, at: Self.second)
    #expect(!failures.permits(first, at: Self.second))
    #expect(failures.permits(first, at: 100 * Self.second))
  }

  @Test(arguments: [
    // user, accounts, anonymous, loopback
    (false, false, false, true, Entrance.open), (true, false, false, true, .open),
    (false, false, false, false, .refused),
    (false, false, true, false, .open), (true, true, false, true, .password), (true, true, true, false, .password),
    (false, true, false, true, .refused), (false, true, true, false, .open),
  ])
  func `who gets in how`(hasUser: Bool, hasAccounts: Bool, anonymous: Bool, isLoopback: Bool, entrance: Entrance) {
    #expect(
      Entrance.of(hasUser: hasUser, hasAccounts: hasAccounts, anonymous: anonymous, isLoopback: isLoopback) == entrance)
  }

  @Test func `answers come in order, once, and tell a wrong password like an unknown user`() throws {
    let wakeUp = try WakeUp()
    var text = UsersText(path: "users")
    try text.add("a", .placeholder)
    let check = PasswordCheck(Accounts(text), wakeUps: [wakeUp]) { _, password in password == [1] }
    defer { check.stop() }
    for (id, (user, password)) in [("a", 1), ("a", 2), ("nobody", 1)].enumerated() {
      let refusal = check.submit(
        id: UInt64(id), user: Array(user.utf8), password: [UInt8(password)], peer: .thisMachine)
      #expect(refusal == nil)
    }
    var answers: [PasswordCheck.Answer] = []
    while answers.count < 3 {
      _ = wakeUp.wait(milliseconds: 1000)
      answers += check.takeAnswers()
    }
    #expect(answers.map(\.id) == [0, 1, 2])
    #expect(answers.map { try? $0.result.get().name } == [[97], nil, nil])
    for answer in answers.dropFirst() {
      guard case .failure(let refused) = answer.result else { continue }
      #expect(refused.refusal == .wrong)
    }
    #expect(check.takeAnswers().isEmpty)
    #expect(check.status.accepted == 1 && check.status.refused == 2)
    #expect(check.takeReplacement() == nil)
    check.replace(Accounts(UsersText(path: "users")))
    #expect(check.takeReplacement()?.count == 0 && check.takeReplacement() == nil)
  }

  @Test func `each asker gets its own answers, and all hear of new accounts`() throws {
    let wakeUps = try [WakeUp(), WakeUp()]
    let check = PasswordCheck(Accounts(try someone()), wakeUps: wakeUps) { _, password in password == [1] }
    defer { check.stop() }
    for (id, asker) in [1, 0, 1].enumerated() {
      let refusal = check.submit(id: UInt64(id), user: [97], password: [1], peer: .thisMachine, asker: asker)
      #expect(refusal == nil)
    }
    for (asker, ids) in [[1], [0, 2]].enumerated() {
      var answers: [PasswordCheck.Answer] = []
      while answers.count < ids.count {
        _ = wakeUps[asker].wait(milliseconds: 1000)
        answers += check.takeAnswers(asker: asker)
      }
      #expect(answers.map(\.id) == ids.map { UInt64($0) })
    }
    check.replace(Accounts(UsersText(path: "users")))
    for asker in 0...1 {
      #expect(wakeUps[asker].wait(milliseconds: 1000))
      #expect(check.takeReplacement(asker: asker)?.count == 0 && check.takeReplacement(asker: asker) == nil)
    }
  }

  @Test func `no more wait than may`() throws {
    let gate = Condition(false)
    var limits = PasswordCheck.Limits()
    limits.waiting = 2
    let check = PasswordCheck(Accounts(try someone()), wakeUps: [try WakeUp()], limits: limits) { _, _ in
      gate.wait { $0 ? true : nil }
    }
    var refusals = 0
    for id in 0..<10 where check.submit(id: UInt64(id), user: [97], password: [], peer: .thisMachine) == .busy {
      refusals += 1
    }
    // One may be under way already.
    #expect(refusals >= 7 && check.status.busy == refusals)
    gate.withLock { $0 = true }
    gate.broadcast()
    check.stop()
  }

  private func someone() throws(AccountsError) -> UsersText {
    var text = UsersText(path: "users")
    try text.add("a", .placeholder)
    return text
  }
}
