import Bytes
import Platform
import Records
import Storage
import Wire

// Sessions that outlive their connection.
//
// What changes them is written into the log, and is durable with the commit that is under way anyway; now and then
// everything is written down as a whole, so that the log may forget.
extension MQTTListener {
  private static let saveNanoseconds: Int64 = 5_000_000_000

  /// The session that the client had before, where it wants to go on with it.
  func takeUpSession(of clientID: [UInt8], isCleanStart: Bool) -> AbsentSession? {
    guard let earlier = absent.removeValue(forKey: clientID) else { return nil }
    if isCleanStart || earlier.stored.expirySeconds == 0 {
      for subscription in earlier.stored.state.subscriptions { forgetAbsent(clientID, subscription) }
      return nil
    }
    return earlier
  }

  /// Goes on where the client stopped: its subscriptions, and behind what it has got already.
  func resume(_ session: AbsentSession, _ connection: MQTTConnection, _ context: inout LoopContext) {
    let stored = session.stored
    connection.retainedInFlight = session.retainedInFlight
    for subscription in stored.state.subscriptions { enter(subscription, connection, &context) }
    connection.lag = MQTTConnection.Lag(next: stored.next, isBlocked: false, lastBlocked: 0)
    lagging.append(connection)
    resend(stored.state.outbound, connection, &context)
    hasMoreToDeliver = true
  }

  /// The connection is over: its session goes on without it, or ends.
  func leaveSession(of connection: MQTTConnection, publishesWill: Bool, _ context: inout LoopContext) {
    let clientID = connection.session.clientID
    guard !clientID.isEmpty else { return }
    var stored = makeStored(connection, context.log)
    if !publishesWill { stored.will = nil }
    var session = AbsentSession(stored, now: context.now)
    if stored.expirySeconds == 0 || session.willDue.map({ $0 <= context.now }) == true {
      if let will = stored.will { publish(will, of: connection.source, &context) }
      session.stored.will = nil
      session.willDue = nil
    }
    guard stored.expirySeconds > 0 else {
      if connection.isWrittenDown { writeEnd(of: clientID, &context) }
      return noteGone(clientID, context)
    }
    connection.forgetAcknowledgedRetained()
    session.retainedInFlight = connection.retainedInFlight
    absent[clientID] = session
    write(session.stored, &context)
  }

  /// What the client's session is, as of now.
  func makeStored(_ connection: MQTTConnection, _ log: Log) -> StoredSession {
    StoredSession(
      clientID: connection.session.clientID, state: connection.session.state,
      next: connection.lag?.next ?? (tail == nil ? log.durableEnd : tailPosition),
      expirySeconds: connection.session.sessionExpirySeconds, will: connection.session.will)
  }

  /// Writes down what has changed of a session that must survive a restart: at once where the client has been told so.
  func writeDown(_ connection: MQTTConnection, _ context: inout LoopContext) {
    guard connection.session.sessionExpirySeconds > 0 || connection.session.will != nil else { return }
    connection.isWrittenDown = true
    connection.isUnsaved = false
    write(makeStored(connection, context.log), &context)
  }

  /// How far subscribers have got: what is written down late is sent a second time after a power cut, no more.
  func writeDownProgress(_ context: inout LoopContext) {
    guard context.now - lastProgress > Self.saveNanoseconds else { return }
    lastProgress = context.now
    var changed: [MQTTConnection] = []
    connections.forEach { if $0.isUnsaved, !$0.isMoving { changed.append($0) } }
    for connection in changed { writeDown(connection, &context) }
    writeGroups(&context)
  }

  /// Ends the sessions whose time is up, and publishes the wills that are due.
  func endSessions(_ context: inout LoopContext) {
    guard absent.contains(where: { $0.value.end <= context.now || ($0.value.willDue ?? .max) <= context.now }) else {
      return
    }
    for (clientID, session) in absent {
      if let due = session.willDue, due <= context.now, let will = session.stored.will {
        publish(will, of: MQTTConnection.source(of: clientID), &context)
        absent[clientID]?.willDue = nil
        absent[clientID]?.stored.will = nil
        if let stored = absent[clientID]?.stored { write(stored, &context) }
      }
      if session.end <= context.now {
        end(clientID, &context)
        status.sessionsExpired += 1
      }
    }
  }

  /// Forgets a session that no connection has.
  func end(_ clientID: [UInt8], _ context: inout LoopContext) {
    guard let session = absent.removeValue(forKey: clientID) else { return }
    for subscription in session.stored.state.subscriptions { forgetAbsent(clientID, subscription) }
    writeEnd(of: clientID, &context)
    noteGone(clientID, context)
  }

  private func forgetAbsent(_ clientID: [UInt8], _ subscription: MQTTSubscription) {
    guard let name = subscription.group else { return }
    let key = SharedGroup.Key(group: name, filter: subscription.filter)
    groups[key]?.absent.remove(clientID)
    if groups[key]?.isUnused == true { groups[key] = nil }
  }

  private func publish(_ will: MQTTWill, of source: RecordHeaders, _ context: inout LoopContext) {
    guard context.mayTakeWill else {
      lostWills.add(1)
      return
    }
    var headers = source
    if will.qos != .atLeastOnce { headers.add(RecordHeaderKey.qos, "\(will.qos.rawValue)") }
    if will.isRetained { headers.add(RecordHeaderKey.retain, "1") }
    headers.append(will.headers)
    let ticket = context.appender.append(
      topic: will.topic.span.bytes, payload: will.payload.span.bytes, at: context.timestamp, headers: headers)
    if will.isRetained {
      let message = OwnedRecord(
        offset: 0, timestamp: context.timestamp, topic: will.topic, payload: will.payload, headerCount: headers.count,
        headerBytes: headers.bytes)
      retain(message, ticket: ticket, &context)
    }
    status.messages += 1
    status.bytes += will.payload.count
  }
}
