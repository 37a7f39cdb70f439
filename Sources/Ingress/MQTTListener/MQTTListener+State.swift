import Bytes
import Platform
import Records
import Storage
import Wire

// What is written down: into the log, with whatever is committed anyway; and now and then as a whole, for the log to forget.
extension MQTTListener {
  /// Bytes of messages after which the state is written as a whole, and how long it takes at the most when less came.
  private static let stateBytes = 16 << 20
  private static let stateNanoseconds: Int64 = 600_000_000_000

  func write(_ session: StoredSession, _ context: inout LoopContext) {
    SessionRecord.begin(&scratch)
    session.append(to: &scratch)
    append(SessionRecord.session, &context)
    context.noteSession()
  }

  func writeEnd(of clientID: [UInt8], _ context: inout LoopContext) {
    SessionRecord.begin(&scratch)
    scratch.append(block: clientID)
    context.settleMessages()
    append(SessionRecord.end, &context)
  }

  func writeRelease(of clientID: [UInt8], _ packetID: UInt16, _ context: inout LoopContext) {
    SessionRecord.begin(&scratch)
    scratch.append(block: clientID)
    scratch.append(packetID)
    append(SessionRecord.release, &context)
  }

  /// The places of shared subscriptions, where one has moved.
  func writeGroups(_ context: inout LoopContext) {
    guard groups.values.contains(where: \.isUnsaved) else { return }
    for group in groups.values { group.isUnsaved = false }
    SessionRecord.begin(&scratch)
    ListenerState.append(groups.mapValues(\.next), to: &scratch)
    append(SessionRecord.groups, &context)
  }

  /// Taken even while the log refuses: whoever is behind could not come back otherwise.
  private func append(_ topic: String, _ context: inout LoopContext) {
    Self.append(topic, scratch.bytes, &context)
    common.parts.noteChange()
  }

  private static func append(_ topic: String, _ payload: RawSpan, _ context: inout LoopContext) {
    context.own.append(topic: topic.utf8.span.bytes, payload: payload, at: context.timestamp)
  }

  /// The answer goes out when everything written down so far is durable.
  func answerOnceWritten(
    _ acknowledgement: MQTTAcknowledgement, _ connection: MQTTConnection, _ context: inout LoopContext
  ) {
    guard connection.isWrittenDown, context.own.appendedTickets > 0 else {
      connection.session.committed(acknowledgement, replies: &connection.output)
      return markDirty(connection)
    }
    context.ownAcknowledgements.append(
      .init(
        ticket: context.own.appendedTickets - 1, connection: connection.id, acknowledgement: acknowledgement,
        received: context.now))
  }

  /// Takes up what was there when the server last stopped.
  func takeUp(_ part: ListenerState.Part, _ context: inout LoopContext) {
    for (key, next) in part.groups { _ = findOrMakeGroup(key, at: min(next, context.log.durableEnd)) }
    for session in part.sessions {
      for subscription in session.state.subscriptions {
        guard let name = subscription.group else { continue }
        let key = SharedGroup.Key(group: name, filter: subscription.filter)
        findOrMakeGroup(key, at: session.next)?.absent.insert(session.clientID)
      }
      absent[session.clientID] = AbsentSession(session, now: context.now)
    }
    groups = groups.filter { !$0.value.isUnused }
    stateOffset = context.log.toldEnd
    endSessions(&context)
  }
}
