import Bytes
import Platform
import Wire

// From the output buffers to the sockets.
extension MQTTListener {
  /// Has the connection sent to at the end of the turn.
  func markDirty(_ connection: MQTTConnection) {
    guard !connection.isDirty else { return }
    connection.isDirty = true
    dirty.append(connection)
  }

  /// One send for each connection that has something to be sent.
  func sendToAll(_ context: inout LoopContext) {
    // Closing one connection may publish a will, but sends nothing: nobody is added meanwhile.
    for connection in dirty {
      connection.isDirty = false
      if !connection.isClosed { send(connection, &context) }
    }
    dirty.removeAll(keepingCapacity: true)
  }

  private func send(_ connection: MQTTConnection, _ context: inout LoopContext) {
    if connection.queuedBytes > 0 {
      switch send(connection.output.bytes, from: connection.sentBytes, on: connection.socket) {
      case .moved(let count): connection.sentBytes += count
      case .wouldBlock: break
      case .endOfStream: break
      case .failed(let code): return close(connection, .lost(SystemError("send", errno: code)), &context)
      }
    }
    if connection.queuedBytes == 0 {
      connection.output.removeAll()
      connection.sentBytes = 0
      if let end = connection.isClosing { return close(connection, end, &context) }
    } else if connection.sentBytes > connection.output.count / 2 {
      connection.output.removeFirst(connection.sentBytes)
      connection.sentBytes = 0
    }
    account(connection)
    if canTakeMore(connection) { unblock(connection) }
    setInterest(connection, &context)
  }

  func send(_ bytes: RawSpan, from sent: Int, on socket: borrowing FileDescriptor) -> IOResult {
    socket.send(bytes.extracting(sent..<bytes.byteCount))
  }

  /// Whoever does not read what it is sent is not read from either: its answers would pile up. Nor is a publisher that
  /// waits for the log, once as much of it is here as may be.
  private func setInterest(_ connection: MQTTConnection, _ context: inout LoopContext) {
    let isRead = connection.queuedBytes <= configuration.maxQueuedBytes && mayReadAhead(of: connection)
    var interest: Poller.Interest = isRead ? .readable : []
    if connection.queuedBytes > 0 { interest.insert(.writable) }
    guard interest != connection.interest else { return }
    connection.interest = interest
    try? context.poller.modify(
      connection.socket.raw, interest, token: EventToken.connection(connection.id).raw)
  }

  /// Brings the sum over all connections up to date with this one.
  func account(_ connection: MQTTConnection) {
    queuedBytes += connection.queuedBytes - connection.accountedQueuedBytes
    connection.accountedQueuedBytes = connection.queuedBytes
  }

  /// Whether one more message may be handed to the subscriber.
  func canTakeMore(_ connection: MQTTConnection) -> Bool {
    connection.queuedBytes < configuration.maxQueuedBytes && queuedBytes + queuedElsewhere < Self.maxQueuedBytes
      && !connection.session.isWindowFull
  }
}
