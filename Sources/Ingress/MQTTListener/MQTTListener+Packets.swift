import Bytes
import Platform
import Records
import Storage
import Wire

// What each packet asks for.
extension MQTTListener {
  func handle(
    _ header: MQTTFixedHeader, _ body: RawSpan, of connection: MQTTConnection, _ context: inout LoopContext
  ) throws(MQTTViolation) {
    let before = connection.output.count
    let action = try connection.session.receive(header, body, replies: &connection.output)
    if connection.output.count != before { markDirty(connection) }
    switch action {
    case .none: break
    case .connect(let connect): answer(connect, of: connection, &context)
    case .refused(let refusal): connection.isClosing = .refused(refusal)
    case .store(let publish, let acknowledgement): store(publish, acknowledgement, from: connection, &context)
    case .acknowledge(let acknowledgement):
      status.duplicates += 1
      let ticket = max(context.appender.appendedTickets, 1) - 1
      context.acknowledgements.append(
        .init(ticket: ticket, connection: connection.id, acknowledgement: acknowledgement))
    case .subscribed(let changes): change(changes, of: connection, &context)
    case .unsubscribed(let subscriptions):
      for subscription in subscriptions { remove(subscription, of: connection) }
    case .windowOpened: unblock(connection)
    case .disconnect: close(connection, .disconnected, &context)
    }
  }

  /// Straight from the receive buffer into the open batch.
  private func store(
    _ publish: borrowing MQTTPublish, _ acknowledgement: MQTTAcknowledgement?, from connection: MQTTConnection,
    _ context: inout LoopContext
  ) {
    let ticket = context.appender.append(
      topic: publish.topic, payload: publish.payload, at: context.timestamp,
      headers: publish.isRetained ? connection.retainedHeaders : connection.headers)
    status.messages += 1
    status.bytes += publish.payload.byteCount
    guard let acknowledgement else { return }
    context.acknowledgements.append(.init(ticket: ticket, connection: connection.id, acknowledgement: acknowledgement))
  }

  /// Sends, behind everything sent before, the acknowledgements of what has become durable.
  func releaseAcknowledgements(_ context: inout LoopContext) {
    let durable = context.appender.durableTickets
    while let entry = context.acknowledgements.pop(below: durable) {
      guard let connection = connections[entry.connection] else { continue }
      connection.session.committed(entry.acknowledgement, replies: &connection.output)
      status.acks += 1
      markDirty(connection)
    }
  }

  private func answer(
    _ connect: borrowing MQTTConnect, of connection: MQTTConnection, _ context: inout LoopContext
  ) {
    markDirty(connection)
    guard configuration.anonymous || connection.peer.isLoopback else {
      connection.session.refuse(.notAuthorized, replies: &connection.output)
      connection.isClosing = .refused(.notAuthorized)
      return
    }
    let clientID = connect.clientID.byteCount > 0 ? connect.clientID.array : makeClientID()
    if let earlier = clients[clientID].flatMap({ connections[$0] }) { close(earlier, .takenOver, &context) }
    clients[clientID] = connection.id
    connection.session.accept(connect, clientID: clientID, replies: &connection.output)
    connection.setClient(clientID, keepAliveSeconds: connect.keepAliveSeconds, now: context.now)
  }

  /// For a client that leaves the choice to the server.
  private func makeClientID() -> [UInt8] {
    Array("auto-\(String(Randomness.uint64(), radix: 16))".utf8)
  }
}
