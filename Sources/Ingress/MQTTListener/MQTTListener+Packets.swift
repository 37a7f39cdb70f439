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
    case .connect: answer(try MQTTConnect(body), body, of: connection, &context)
    case .refused(let reason): connection.isClosing = .refused(reason)
    case .store(let publish, let acknowledgement): store(publish, acknowledgement, from: connection, &context)
    case .acknowledge(let acknowledgement):
      status.duplicates += 1
      acknowledgeAgain(acknowledgement, connection, &context)
    case .release(let acknowledgement):
      if connection.isWrittenDown {
        writeRelease(of: connection.session.clientID, acknowledgement.packetID, &context)
      }
      answerOnceWritten(acknowledgement, connection, &context)
    case .subscribe(let packet): subscribe(packet, connection, &context)
    case .unsubscribed(let subscriptions, let acknowledgement):
      unsubscribe(subscriptions, acknowledgement, connection, &context)
    case .acknowledged:
      connection.isUnsaved = connection.isWrittenDown
      unblock(connection)
    case .disconnect: close(connection, .disconnected, &context)
    }
  }

  /// Behind what was appended so far, which the message may be part of.
  private func acknowledgeAgain(
    _ acknowledgement: MQTTAcknowledgement, _ connection: MQTTConnection, _ context: inout LoopContext
  ) {
    let appended = context.appender.appendedTickets
    let entry = AcknowledgementQueue.Entry(
      ticket: appended > 0 ? appended - 1 : 0, connection: connection.id, acknowledgement: acknowledgement,
      received: context.now)
    // It came to an earlier life of the server.
    if appended == 0 { release(entry, context.now) } else { context.acknowledgements.append(entry) }
  }

  /// Straight from the receive buffer into the open batch.
  private func store(
    _ publish: borrowing MQTTPublish, _ acknowledgement: MQTTAcknowledgement?, from connection: MQTTConnection,
    _ context: inout LoopContext
  ) {
    guard connection.permissions.mayPublish(publish.topic) else {
      return refuseUnauthorized(publish, acknowledgement, from: connection, &context)
    }
    if context.isRefusing, let acknowledgement {
      // Version 5 alone: what has no word for it is held before it gets here.
      status.refusedMessages += 1
      connection.session.refuse(acknowledgement, .quotaExceeded, replies: &connection.output)
      return markDirty(connection)
    }
    let ticket: UInt64
    if publish.qos == .atLeastOnce, !publish.isRetained, !publish.hasProperties {
      ticket = context.appender.append(
        topic: publish.topic, payload: publish.payload, at: context.timestamp, headers: connection.source)
    } else {
      ticket = storeWithHeaders(publish, from: connection, &context)
    }
    status.messages += 1
    status.bytes += publish.payload.byteCount
    connection.messages += 1
    guard let acknowledgement else { return }
    context.acknowledgements.append(
      .init(ticket: ticket, connection: connection.id, acknowledgement: acknowledgement, received: context.now))
  }

  /// A message of which there is more to say than who sent it.
  private func storeWithHeaders(
    _ publish: borrowing MQTTPublish, from connection: MQTTConnection, _ context: inout LoopContext
  ) -> UInt64 {
    scratch.removeAll()
    scratch.append(connection.source.bytes.span.bytes)
    var count = connection.source.count
    // What says nothing of it came with QoS 1.
    if publish.qos != .atLeastOnce {
      scratch.append(header: RecordHeaderKey.qos, publish.qos == .atMostOnce ? "0" : "2")
      count += 1
    }
    if publish.qos == .exactlyOnce, connection.isWrittenDown {
      scratch.append(header: RecordHeaderKey.packetID, "\(publish.packetID)")
      count += 1
      context.settleSessions()
    }
    if publish.isRetained {
      scratch.append(header: RecordHeaderKey.retain, "1")
      count += 1
    }
    count += publish.appendHeaders(to: &scratch)
    let ticket = Self.append(publish, count, scratch.bytes, &context)
    if publish.isRetained {
      let message = OwnedRecord(
        offset: 0, timestamp: context.timestamp, topic: publish.topic.array, payload: publish.payload.array,
        headerCount: count, headerBytes: scratch.array)
      retain(message, ticket: ticket, &context)
    }
    return ticket
  }

  private static func append(
    _ publish: borrowing MQTTPublish, _ headerCount: Int, _ headers: RawSpan, _ context: inout LoopContext
  ) -> UInt64 {
    context.appender.append(
      topic: publish.topic, payload: publish.payload, at: context.timestamp, headerCount: headerCount,
      headerBytes: headers)
  }

  /// Sends, behind everything sent before, the acknowledgements of what has become durable.
  func releaseAcknowledgements(_ context: inout LoopContext) {
    let durable = context.appender.durableTickets
    while let entry = context.acknowledgements.pop(below: durable) { release(entry, context.now) }
    acknowledgedTickets = durable
    let written = context.own.durableTickets
    while let entry = context.ownAcknowledgements.pop(below: written) { release(entry, context.now) }
    acknowledgedOwnTickets = written
    applyRetained(&context)
  }

  private func release(_ entry: AcknowledgementQueue.Entry, _ now: Int64) {
    guard let connection = connections[entry.connection] else { return }
    connection.session.committed(entry.acknowledgement, replies: &connection.output)
    if entry.acknowledgement.kind == .puback || entry.acknowledgement.kind == .pubrec {
      status.acks += 1
      status.acknowledgement.add(nanoseconds: now - entry.received)
    }
    markDirty(connection)
  }
}
