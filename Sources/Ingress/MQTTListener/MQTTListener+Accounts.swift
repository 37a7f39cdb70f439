import Bytes
import Platform
import Wire

// Accounts: passwords, and what their clients may do.
extension MQTTListener {
  /// Puts the CONNECT aside until its password is checked.
  func checkPassword(of connect: borrowing MQTTConnect, _ body: RawSpan, _ connection: MQTTConnection) {
    guard let passwords, let user = connect.user else { return refuse(.notAuthorized, connection) }
    let refusal = passwords.submit(
      id: EventToken.connection(connection.id).raw, user: user.array, password: connect.password?.array ?? [],
      peer: connection.peer, asker: index)
    if let refusal { return refuse(Self.reason(of: refusal), connection) }
    connection.uncheckedConnect = body.array
    // The time it takes is ours.
    connection.deadline = Int64.max
  }

  /// Goes on with the connections whose passwords have been checked.
  func takeVerdicts(_ context: inout LoopContext) {
    // What follows the CONNECT may be messages.
    guard let passwords, context.mayRead else { return }
    if let accounts = passwords.takeReplacement(asker: index) { apply(accounts, &context) }
    for answer in passwords.takeAnswers(asker: index) {
      guard case .connection(let id) = EventToken(answer.id), let connection = connections[id],
        let body = connection.uncheckedConnect
      else { continue }
      connection.uncheckedConnect = nil
      goOn(with: connection, body, Self.current(answer.result, passwords.accounts), &context)
    }
  }

  /// The file may have changed while the password was checked.
  private static func current(
    _ result: Result<Account, PasswordCheck.Refused>, _ accounts: Accounts
  ) -> Result<Account, PasswordCheck.Refused> {
    guard case .success(let account) = result, accounts.account(named: account.name) != account else { return result }
    return .failure(PasswordCheck.Refused(refusal: .wrong))
  }

  private func goOn(
    with connection: MQTTConnection, _ body: [UInt8], _ result: Result<Account, PasswordCheck.Refused>,
    _ context: inout LoopContext
  ) {
    markDirty(connection)
    connection.deadline = context.now + Int64(configuration.connectTimeoutMilliseconds) * 1_000_000
    switch result {
    case .failure(let refused): return refuse(Self.reason(of: refused.refusal), connection)
    case .success(let account):
      // It was read once already.
      guard let connect = try? MQTTConnect(body.span.bytes) else { return }
      admit(connect, account: account, connection, &context)
    }
    let used = handlePackets(of: connection, connection.input.bytes, &context)
    if !connection.isClosed { keepRest(of: connection, from: used) }
  }

  private static func reason(of refusal: PasswordCheck.Refusal) -> MQTTReason {
    switch refusal {
    case .wrong: .badUserOrPassword
    case .tooManyFailures: .connectionRateExceeded
    case .busy: .serverBusy
    }
  }

  /// The users file says something else now: whose line is gone or another has to log in again.
  private func apply(_ accounts: Accounts, _ context: inout LoopContext) {
    var changed: [MQTTConnection] = []
    connections.forEach { connection in
      guard let account = connection.account else { return }
      if accounts.account(named: account.name) != account { changed.append(connection) }
    }
    for connection in changed { close(connection, .accountChanged, &context) }
  }

  /// A message that the client may not publish. Version 5 has a word for that; before it, an acknowledgement would say that
  /// the message is on disk, so the connection is closed instead. One of QoS 0 is counted, and that is all.
  func refuseUnauthorized(
    _ publish: borrowing MQTTPublish, _ acknowledgement: MQTTAcknowledgement?, from connection: MQTTConnection,
    _ context: inout LoopContext
  ) {
    status.unauthorizedMessages += 1
    if acknowledgement != nil, connection.session.version != .v5 {
      return close(connection, .notAuthorizedToPublish(publish.topic.text), &context)
    }
    complain("\(connection.name) may not publish to `\(publish.topic.text)`: its message is refused", context.now)
    guard let acknowledgement else { return }
    connection.session.refuse(acknowledgement, .notAuthorized, replies: &connection.output)
    markDirty(connection)
  }
}
