import Bytes
import Platform
import Records
import Storage
import Wire

// While the log takes nothing.
//
// MQTT 3.1.1 has no word for "not now": a publisher is made to wait by not being read. But its pings come the same way, and
// a client without an answer to them gives up, connects again and sends everything again. So each connection is read up to
// its first PUBLISH, which is left where it is, and a few kilobytes ahead: in them pings are looked for and answered before
// their turn, which MQTT allows, as it orders nothing but acknowledgements. A client that waits for its PUBACKs sends pings
// and nothing else, and so stays connected for as long as it takes. One that goes on sending fills the few kilobytes, then
// the kernel's buffers, and then has to wait as with any slow network. Nobody is closed for being silent meanwhile.
//
// Who does not publish notices nothing of it.
extension MQTTListener {
  /// What comes next of the connection is a PUBLISH.
  func hold(_ connection: MQTTConnection) {
    connection.isHeld = true
    held.append(connection)
    markDirty(connection)
  }

  /// Holds a connection that has sent a part of a long PUBLISH: the rest may stay in the kernel.
  func holdsBeforeRest(of connection: MQTTConnection, _ isRefusing: Bool) -> Bool {
    guard isRefusing, connection.awaitedBytes > 0, connection.session.isConnected,
      let first = connection.input.array.first, first >> 4 == MQTTPacketType.publish.rawValue
    else { return false }
    connection.awaitedBytes = 0
    hold(connection)
    return true
  }

  func mayReadAhead(of connection: MQTTConnection) -> Bool {
    if connection.uncheckedConnect != nil { return false }
    guard connection.isWaiting else { return true }
    return connection.input.count < Self.heldBytes && partialBytes < configuration.maxPartialBytes / 2
  }

  /// The poller has something for a connection that is held, or otherwise waits.
  func receiveHeld(_ connection: MQTTConnection, _ context: inout LoopContext) {
    // Nothing is waited for but the end, of which the poller tells unasked.
    guard connection.interest.contains(.readable) else { return close(connection, .closedByPeer, &context) }
    markDirty(connection)
    guard mayReadAhead(of: connection) else { return }
    switch read(connection, into: &connection.input, upTo: Self.heldBytes - connection.input.count) {
    case .moved(let count):
      notePartial(count)
      answerPings(of: connection)
    case .wouldBlock: break
    case .endOfStream: close(connection, .closedByPeer, &context)
    case .failed(let code): close(connection, .lost(SystemError("read", errno: code)), &context)
    }
  }

  /// Answers the pings in what is here of a connection that waits, and takes them out of it.
  func answerPings(of connection: MQTTConnection) {
    let before = connection.input.count
    MQTTPingsAhead.answer(
      in: &connection.input, limit: configuration.maxPacketBytes, replies: &connection.output)
    notePartial(connection.input.count - before)
    markDirty(connection)
  }

  /// The log takes records again: handles what the connections that are held have sent, as far as there is room.
  func releaseHeld(_ context: inout LoopContext) {
    guard !context.isRefusing, !held.isEmpty else { return }
    let waiting = held
    held.removeAll()
    for connection in waiting {
      guard context.appender.hasRoom else {
        held.append(connection)
        continue
      }
      connection.isHeld = false
      let used = handlePackets(of: connection, connection.input.bytes, &context)
      guard !connection.isClosed else { continue }
      keepRest(of: connection, from: used)
      connection.touch(context.now)
      markDirty(connection)
    }
  }

  /// The connection closes.
  func forgetHeld(_ connection: MQTTConnection) {
    guard connection.isHeld else { return }
    connection.isHeld = false
    held.removeAll { $0 === connection }
  }

  /// Says that wills were lost, when there is room to.
  /// - Parameter isLast: also while the log refuses.
  func reportLostWills(_ context: inout LoopContext, isLast: Bool = false) {
    guard isLast || !context.isRefusing, let (reason, count) = lostWills.take(now: context.now, isLast) else { return }
    context.own.append(GapRecord(reason, count: count, place: "mqtt wills"), at: context.timestamp)
  }
}
