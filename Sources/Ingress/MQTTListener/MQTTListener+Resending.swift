import Records
import Storage
import Wire

// What a client had not acknowledged when its last connection ended: read from the log again.
extension MQTTListener {
  /// Records so close behind the last are walked to, those further on gone to.
  private static let walkRecords: Offset = 500

  func resend(_ messages: [MQTTOutboundMessage], _ connection: MQTTConnection, _ context: inout LoopContext) {
    var reader = context.log.makeReader(at: messages.first { !$0.isRetained }?.offset ?? context.log.durableEnd)
    for message in messages where !message.isReceived {
      if message.isRetained {
        if resendRetained(message, connection, context.timestamp) { continue }
      } else if resend(message, connection, &reader, context.timestamp) {
        continue
      }
      // Retention has taken it, or its time is over, or it was a retained message before a restart.
      connection.session.forget(message)
      status.missedDeliveries += 1
    }
    connection.session.resendReleases(to: &connection.output)
  }

  private func resendRetained(_ message: MQTTOutboundMessage, _ connection: MQTTConnection, _ now: Timestamp) -> Bool {
    guard let copy = connection.retainedInFlight[message.packetID] else { return false }
    let record = copy.view
    let expiry = MessageOrigin(record).expiry(of: record, now)
    return !expiry.isOver
      && connection.session.resend(message, record, expirySeconds: expiry.remaining, to: &connection.output)
  }

  /// False where the log no longer has it.
  private func resend(
    _ message: MQTTOutboundMessage, _ connection: MQTTConnection, _ reader: inout LogReader, _ now: Timestamp
  ) -> Bool {
    if reader.position > message.offset || message.offset - reader.position > Self.walkRecords {
      reader.seek(to: message.offset)
    }
    do throws(StorageError) {
      while let record = try reader.next(), record.offset <= message.offset {
        guard record.offset == message.offset else { continue }
        let expiry = MessageOrigin(record).expiry(of: record, now)
        return !expiry.isOver
          && connection.session.resend(message, record, expirySeconds: expiry.remaining, to: &connection.output)
      }
    } catch {
      // The reader has said so.
    }
    return false
  }
}
