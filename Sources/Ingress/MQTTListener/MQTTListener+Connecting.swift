import Bytes
import Platform
import Records
import Storage
import Synchronization
import Wire

// CONNECT: who may, and which session it goes on with.
extension MQTTListener {
  /// - Parameters:
  ///   - body: of the same packet.
  ///   - isHandedOver: another thread has read it.
  func answer(
    _ connect: borrowing MQTTConnect, _ body: RawSpan, of connection: MQTTConnection, isHandedOver: Bool = false,
    _ context: inout LoopContext
  ) {
    if sendsAway(connect, body, connection, isHandedOver: isHandedOver) { return }
    markDirty(connection)
    let entrance = Entrance.of(
      hasUser: connect.user != nil, hasAccounts: passwords != nil, anonymous: configuration.anonymous,
      isLoopback: connection.peer.isLoopback)
    switch entrance {
    case .open: admit(connect, account: nil, connection, &context)
    case .password: checkPassword(of: connect, body, connection)
    case .refused: refuse(.notAuthorized, connection)
    }
  }

  func refuse(_ reason: MQTTReason, _ connection: MQTTConnection) {
    connection.session.refuse(reason, replies: &connection.output)
    connection.isClosing = .refused(reason)
  }

  /// The client is who it says it is.
  /// - Parameter account: nil: nobody in particular.
  func admit(
    _ connect: borrowing MQTTConnect, account: Account?, _ connection: MQTTConnection, _ context: inout LoopContext
  ) {
    let clientID = connect.clientID.byteCount > 0 ? connect.clientID.array : makeClientID()
    let permissions = account?.permissions(clientID: clientID) ?? .everything
    if let reason = refusal(of: connect, permissions) { return refuse(reason, connection) }
    if let earlier = clients[clientID].flatMap({ connections[$0] }) { close(earlier, .takenOver, &context) }
    let hadSession = absent[clientID] != nil
    var session = takeUpSession(of: clientID, isCleanStart: connect.isCleanStart)
    session?.stored.state.subscriptions.removeAll { !permissions.maySubscribe($0.filter) }
    clients[clientID] = connection.id
    connection.session.accept(
      connect, clientID: clientID, state: session?.stored.state ?? MQTTSessionState(), isPresent: session != nil,
      replies: &connection.output)
    connection.setClient(clientID, account, permissions, now: context.now)
    // A session that begins anew has nothing of the earlier one's in flight.
    if hadSession, session == nil { writeEnd(of: clientID, &context) }
    writeDown(connection, &context)
    if let session { resume(session, connection, &context) }
  }

  /// Why the client may not connect; nil: it may.
  private func refusal(of connect: borrowing MQTTConnect, _ permissions: Permissions) -> MQTTReason? {
    if let will = connect.will, !permissions.mayPublish(will.topic.span.bytes) { return .notAuthorized }
    guard connect.sessionExpirySeconds > 0, connect.clientID.byteCount > 0,
      absent[connect.clientID.array] == nil,
      common.sessions.load(ordering: .relaxed) >= configuration.maxSessions
    else { return nil }
    return .quotaExceeded
  }

  /// For a client that leaves the choice to the server: one that belongs to this thread.
  private func makeClientID() -> [UInt8] {
    while true {
      let clientID = Array("auto-\(String(Randomness.uint64(), radix: 16))".utf8)
      if common.homes.thread(of: clientID) == index { return clientID }
    }
  }
}
