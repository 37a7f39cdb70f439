import Bytes
import Platform
import Storage
import Wire

// New connections, and the end of connections.
extension MQTTListener {
  private static let acceptsPerTurn = 64
  private static let graceNanoseconds: Int64 = 5_000_000_000

  /// Connections wait at the listening socket `index`.
  func accept(at index: Int, _ context: inout LoopContext) {
    for _ in 0..<Self.acceptsPerTurn {
      switch listeners[index].socket.accept() {
      case .connection(let socket, let peer): open(socket, peer, &context)
      case .lost: continue
      case .none: return
      case .exhausted(let error):
        // It would be reported at once again: so not before the next tick.
        listeners[index].isPaused = true
        setAccepting(false, at: index, &context)
        Journal.error(
          "mqtt: cannot accept a connection: \(error.reason); raise LimitNOFILE or lower `mqtt.maxConnections`")
        return
      }
    }
  }

  func resumeAccepting(_ context: inout LoopContext) {
    for index in listeners.indices where listeners[index].isPaused {
      listeners[index].isPaused = false
      setAccepting(true, at: index, &context)
    }
  }

  private func setAccepting(_ accepts: Bool, at index: Int, _ context: inout LoopContext) {
    let token = EventToken.mqttListener(index).raw
    try? context.poller.modify(listeners[index].socket.descriptor, accepts ? .readable : [], token: token)
  }

  private func open(_ socket: consuming FileDescriptor, _ peer: SocketAddress, _ context: inout LoopContext) {
    if let refusal = common.admissions.admit(peer) { return reject(refusal, "a client at \(peer)", context.now) }
    let id = connections.reserve()
    let deadline = context.now + Int64(configuration.connectTimeoutMilliseconds) * 1_000_000
    status.connectionsAccepted += 1
    enter(MQTTConnection(id, socket, peer, limits, deadline: deadline), &context)
  }

  /// From now on this thread has the connection, under the name that it bears.
  func enter(_ connection: MQTTConnection, _ context: inout LoopContext) {
    connections.put(connection)
    status.connections = connections.count
    connection.interest = .readable
    do throws(SystemError) {
      let token = EventToken.connection(connection.id).raw
      try context.poller.add(connection.socket.raw, connection.interest, token: token)
    } catch {
      close(connection, .lost(error), &context)
    }
  }

  /// Ends a connection: its client, its subscriptions and what waits for it are forgotten, its will is published where
  /// that is due. The socket closes with the last reference.
  func close(_ connection: MQTTConnection, _ end: ConnectionEnd, _ context: inout LoopContext) {
    guard !connection.isClosed else { return }
    connection.isClosed = true
    reject(end, connection.name, context.now)
    tell(end, connection)
    // The kernel forgets a descriptor when it is closed; but events of this turn may still name it.
    try? context.poller.remove(connection.socket.raw)
    connections.remove(connection.id)
    common.admissions.dismiss(connection.peer)
    status.connections = connections.count
    let clientID = connection.session.clientID
    if !clientID.isEmpty, clients[clientID] == connection.id { clients[clientID] = nil }
    let isKept = connection.session.sessionExpirySeconds > 0
    for subscription in connection.session.subscriptions { remove(subscription, of: connection, isComing: isKept) }
    leaveSession(of: connection, publishesWill: end.publishesWill, &context)
    leaveLag(connection)
    forgetHeld(connection)
    notePartial(-connection.input.count)
    queuedBytes -= connection.accountedQueuedBytes
    connection.accountedQueuedBytes = 0
  }

  /// Tells a client of version 5 why it is closed, as far as its socket takes it at once.
  private func tell(_ end: ConnectionEnd, _ connection: MQTTConnection) {
    guard let reason = end.reasonCode, connection.queuedBytes == 0 else { return }
    connection.output.removeAll()
    connection.sentBytes = 0
    connection.session.end(reason, replies: &connection.output)
    guard !connection.output.isEmpty else { return }
    _ = send(connection.output.bytes, from: 0, on: connection.socket)
  }

  /// Closes the connections whose time is up, and takes back memory that a burst has left.
  func closeLate(_ context: inout LoopContext) {
    // While nothing was read, clients could not keep themselves alive.
    guard context.now - context.lastStall > Self.graceNanoseconds else { return }
    var late: [MQTTConnection] = []
    connections.forEach { connection in
      // One that waits is not read, and so not heard.
      if connection.deadline < context.now, !connection.isWaiting { late.append(connection) }
      connection.shrink()
    }
    for connection in late {
      let end: ConnectionEnd = connection.session.isConnected ? .keepAlive : .connectTimeout
      close(connection, connection.isClosing ?? end, &context)
    }
  }
}
