import Platform
import Records
import Storage
import Wire

// The state file: now and then, what all ingress threads know is written down as a whole, for the log to forget.
extension MQTTListener {
  /// Bytes of messages after which the state is written as a whole, and how long it takes at the most when less came.
  private static let stateBytes = 16 << 20
  private static let stateNanoseconds: Int64 = 600_000_000_000

  /// Writes the state as a whole when enough has come since the last time; or, unless it is the first thread's, tells the first
  /// its part when that asks for it.
  /// - Parameter isLast: whatever has come, and waits for it.
  func saveState(_ context: inout LoopContext, isLast: Bool = false) {
    // What is durable in this tick may not be in memory as such: the place that the part is about is the last tick's.
    let offset = stateOffset
    stateOffset = context.log.toldEnd
    common.parts.add(bytes: status.bytes - toldBytes)
    toldBytes = status.bytes
    guard index == 0 else {
      if isLast || common.parts.isAsked(index) { common.parts.put(part(at: offset, context.log), of: index) }
      return
    }
    guard let saver else { return }
    if !isLast, !isCollecting {
      guard isStateDue(context), saver.isReady else { return }
      isCollecting = true
      savedBytes = common.parts.bytes
      common.parts.noteChange(false)
      common.parts.ask()
    }
    guard let parts = common.parts.take() else {
      if isLast { Journal.warning("mqtt: an ingress thread does not end; sessions stay in the log while it has them") }
      return
    }
    isCollecting = false
    lastState = context.now
    write(parts + [part(at: offset, context.log)], saver, &context)
    if isLast { saver.finish() }
  }

  private func isStateDue(_ context: borrowing LoopContext) -> Bool {
    if common.parts.bytes - savedBytes >= Self.stateBytes { return true }
    if common.parts.isUnsaved, context.now - lastState > Self.stateNanoseconds { return true }
    // A small log has soon forgotten what the last one does not have.
    let (start, end) = (context.log.startOffset, context.log.durableEnd)
    return savedOffset < start + (end - start) / 2 && start > 0
  }

  private func part(at offset: Offset, _ log: Log) -> StateParts.Part {
    var part = StateParts.Part(groups: groups.mapValues(\.next), offset: offset)
    for (clientID, session) in absent { part.sessions[clientID] = session.stored }
    connections.forEach { connection in
      guard connection.isWrittenDown, !connection.isClosed else { return }
      part.sessions[connection.session.clientID] = makeStored(connection, log)
    }
    return part
  }

  /// A client that went from one thread to another meanwhile may be in two parts, or in none: what it is, the log has behind the
  /// parts' places.
  private func write(_ parts: [StateParts.Part], _ saver: StateSaver, _ context: inout LoopContext) {
    applyRetained(&context)
    var state = ListenerState(configuration)
    state.retained = common.retained.all
    for part in parts {
      state.sessions.merge(part.sessions) { $1 }
      state.groups.merge(part.groups) { $1 }
    }
    savedOffset = parts.map(\.offset).min() ?? 0
    saver.save(StateFile.encode(state, epoch: context.log.epoch, offset: savedOffset))
  }
}
