import Bytes
import Platform
import Records
import Storage
import Wire

// CONNECT: who may, and which session it goes on with.
extension MQTTListener {
  func answer(_ connect: borrowing MQTTConnect, of connection: MQTTConnection, _ context: inout LoopContext) {
    markDirty(connection)
    if let reason = refusal(of: connect, connection) {
      connection.session.refuse(reason, replies: &connection.output)
      connection.isClosing = .refused(reason)
      return
    }
    let clientID = connect.clientID.byteCount > 0 ? connect.clientID.array : makeClientID()
    if let earlier = clients[clientID].flatMap({ connections[$0] }) { close(earlier, .takenOver, &context) }
    let hadSession = absent[clientID] != nil
    let session = takeUpSession(of: clientID, isCleanStart: connect.isCleanStart)
    clients[clientID] = connection.id
    connection.session.accept(
      connect, clientID: clientID, state: session?.stored.state ?? MQTTSessionState(), isPresent: session != nil,
      replies: &connection.output)
    connection.setClient(clientID, now: context.now)
    // A session that begins anew has nothing of the earlier one's in flight.
    if hadSession, session == nil { writeEnd(of: clientID, &context) }
    writeDown(connection, &context)
    if let session { resume(session, connection, &context) }
  }

  /// Why the client may not connect; nil: it may.
  private func refusal(of connect: borrowing MQTTConnect, _ connection: MQTTConnection) -> MQTTReason? {
    guard configuration.anonymous || connection.peer.isLoopback else { return .notAuthorized }
    guard connect.sessionExpirySeconds > 0, connect.clientID.byteCount > 0,
      absent[connect.clientID.array] == nil, absent.count >= configuration.maxSessions
    else { return nil }
    return .quotaExceeded
  }

  /// For a client that leaves the choice to the server.
  private func makeClientID() -> [UInt8] {
    Array("auto-\(String(Randomness.uint64(), radix: 16))".utf8)
  }
}
