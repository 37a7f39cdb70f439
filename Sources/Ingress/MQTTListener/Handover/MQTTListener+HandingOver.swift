import Bytes
import Platform
import Storage
import Wire

// Connections that another ingress thread is to have: each client's come together in one.
extension MQTTListener {
  /// Lets the connection go to the thread that its client belongs to, at the end of the turn; false where it is this one.
  /// - Parameters:
  ///   - body: of its CONNECT, which that thread is to answer.
  ///   - isHandedOver: it has come here through the inbox.
  func sendsAway(
    _ connect: borrowing MQTTConnect, _ body: RawSpan, _ connection: MQTTConnection, isHandedOver: Bool
  ) -> Bool {
    guard common.threads > 1, connect.clientID.byteCount > 0 else { return false }
    let clientID = connect.clientID.array
    if common.homes.thread(of: clientID) == index, isHandedOver || !mayBeOnItsWay(clientID) { return false }
    connection.uncheckedConnect = body.array
    leaving.append(connection)
    return true
  }

  /// A guest of whom there is nothing here may still be in the inbox, with its session: its next connection waits behind it.
  private func mayBeOnItsWay(_ clientID: [UInt8]) -> Bool {
    common.homes.ownThread(of: clientID) != index && clients[clientID] == nil && absent[clientID] == nil
  }

  /// Hands over what leaves in this turn. At its very end: nothing here knows of the connections any more then.
  func handOver(_ context: inout LoopContext) {
    if !leaving.isEmpty {
      let connections = leaving
      leaving.removeAll()
      for connection in connections { handOver(connection, &context) }
    }
    if !moving.isEmpty { handOverMoving(&context) }
  }

  private func handOver(_ connection: MQTTConnection, _ context: inout LoopContext) {
    guard !connection.isClosed, let body = connection.uncheckedConnect, let connect = try? MQTTConnect(body.span.bytes)
    else { return }
    forget(connection, &context)
    common.homes.withThread(of: connect.clientID.array) { give(connection, to: $0) }
  }

  /// The connection is no more, as far as this thread is concerned.
  func forget(_ connection: MQTTConnection, _ context: inout LoopContext) {
    try? context.poller.remove(connection.socket.raw)
    connections.remove(connection.id)
    status.connections = connections.count
    queuedBytes -= connection.accountedQueuedBytes
    connection.accountedQueuedBytes = 0
  }

  func give(_ connection: MQTTConnection, to target: Int) {
    status.connectionsHandedOver += 1
    if !common.inboxes[target].put(HandedOver(connection: connection)) { abandon(connection) }
  }

  /// Nobody takes the connection any more: its socket closes.
  private func abandon(_ connection: MQTTConnection) {
    common.admissions.dismiss(connection.peer)
    notePartial(-connection.input.count)
  }

  /// Takes up the connections that other threads have handed over.
  func takeHandedOver(_ context: inout LoopContext) {
    // What follows the CONNECT may be messages.
    guard common.threads > 1, context.mayRead else { return }
    for arrival in common.inboxes[index].take() { takeUp(arrival.connection, &context) }
  }

  private func takeUp(_ connection: MQTTConnection, _ context: inout LoopContext) {
    connection.id = connections.reserve()
    enter(connection, &context)
    guard !connection.isClosed else { return }
    if connection.isMoving { settle(connection, &context) } else { answerAgain(connection, &context) }
    guard !connection.isClosed else { return }
    let used = handlePackets(of: connection, connection.input.bytes, &context)
    guard !connection.isClosed else { return }
    keepRest(of: connection, from: used)
    if connection.isWaiting { answerPings(of: connection) }
  }

  private func answerAgain(_ connection: MQTTConnection, _ context: inout LoopContext) {
    guard let body = connection.uncheckedConnect, let connect = try? MQTTConnect(body.span.bytes) else { return }
    connection.uncheckedConnect = nil
    answer(connect, body.span.bytes, of: connection, isHandedOver: true, &context)
  }

  /// Takes nothing up any more but connections whose sessions are to be written down.
  func closeInbox(_ context: inout LoopContext) {
    for arrival in common.inboxes[index].close() {
      guard arrival.connection.isMoving else {
        abandon(arrival.connection)
        continue
      }
      arrival.connection.id = connections.reserve()
      enter(arrival.connection, &context)
      if !arrival.connection.isClosed { settle(arrival.connection, &context) }
    }
  }
}
