import Bytes
import Platform
import Records
import Storage
import Wire

// Clients that become members of a shared subscription. All members of all groups are the first ingress thread's, so that each
// group has one place in the log, and one that hands on its records. A client elsewhere that subscribes so goes there, with
// connection and session, while it is connected, and notices nothing.
//
// In the order of its packets, and of its answers: first what is before its SUBSCRIBE is acknowledged, then it goes, and its
// SUBSCRIBE is handled there. It stays there until it has neither connection nor session.
extension MQTTListener {
  struct PartingGuest {
    let clientID: [UInt8]
    /// How far its last records go, among messages and the loop's own.
    let tickets: UInt64
    let ownTickets: UInt64
  }

  /// The SUBSCRIBE of this connection is for the first thread.
  func move(_ connection: MQTTConnection, _ context: borrowing LoopContext) {
    connection.isMoving = true
    connection.movesBehind = (context.appender.appendedTickets, context.own.appendedTickets)
    moving.append(connection)
    markDirty(connection)
  }

  /// Hands over those whose acknowledgements are out.
  func handOverMoving(_ context: inout LoopContext) {
    moving.removeAll { $0.isClosed }
    let ready = moving.filter { isReady($0) }
    moving.removeAll { isReady($0) }
    for connection in ready { handOverMoving(connection, &context) }
  }

  private func isReady(_ connection: MQTTConnection) -> Bool {
    connection.movesBehind.tickets <= acknowledgedTickets && connection.movesBehind.ownTickets <= acknowledgedOwnTickets
  }

  private func handOverMoving(_ connection: MQTTConnection, _ context: inout LoopContext) {
    let clientID = connection.session.clientID
    let next = makeStored(connection, context.log).next
    for subscription in connection.session.subscriptions { remove(subscription, of: connection) }
    leaveLag(connection)
    connection.lag =
      connection.session.subscriptions.isEmpty
      ? nil : MQTTConnection.Lag(next: next, isBlocked: false, lastBlocked: 0)
    retainedWaiters.removeAll { $0 === connection }
    // They are behind the SUBACK already, which is out.
    for index in connection.waitingRetained.indices { connection.waitingRetained[index].ownTickets = 0 }
    clients[clientID] = nil
    forget(connection, &context)
    common.homes.addGuest(clientID) { give(connection, to: 0) }
  }

  /// Goes on with a connection that has moved here.
  func settle(_ connection: MQTTConnection, _ context: inout LoopContext) {
    connection.isMoving = false
    assert(clients[connection.session.clientID] == nil && absent[connection.session.clientID] == nil)
    clients[connection.session.clientID] = connection.id
    for subscription in connection.session.subscriptions { enter(subscription, connection, &context) }
    if connection.lag != nil { lagging.append(connection) }
    if !connection.waitingRetained.isEmpty { retainedWaiters.append(connection) }
    hasMoreToDeliver = true
    account(connection)
    markDirty(connection)
    // Whichever part of the state file it may be in, or miss: it is in the log from here on.
    if connection.isWrittenDown { writeDown(connection, &context) }
    connection.touch(context.now)
    guard let account = connection.account, let accounts = passwords?.accounts,
      accounts.account(named: account.name) != account
    else { return }
    // The file was read again while it was on its way.
    close(connection, .accountChanged, &context)
  }

  /// The client has neither connection nor session any more.
  func noteGone(_ clientID: [UInt8], _ context: borrowing LoopContext) {
    guard index == 0, common.homes.ownThread(of: clientID) > 0 else { return }
    partingGuests.append(
      PartingGuest(
        clientID: clientID, tickets: context.appender.appendedTickets, ownTickets: context.own.appendedTickets))
  }

  /// Lets clients that are gone begin anew where they belong, once everything there is of them is in the log, and none of their
  /// connections can be on its way here.
  func partFromGuests(_ context: inout LoopContext) {
    guard !partingGuests.isEmpty else { return }
    partingGuests.removeAll { guest in
      if clients[guest.clientID] != nil || absent[guest.clientID] != nil { return true }
      guard guest.tickets <= context.appender.durableTickets, guest.ownTickets <= context.own.durableTickets else {
        return false
      }
      return common.homes.removeGuest(guest.clientID) { common.inboxes[index].isEmpty }
    }
  }
}
