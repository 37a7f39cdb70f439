import Records
import Storage
import Wire

// What a client had not acknowledged when its last connection ended: read from the log again.
extension MQTTListener {
  /// Records so close behind the last are walked to, those further on gone to.
  private static let walkRecords: Offset = 500

  func resend(_ messages: [MQTTOutboundMessage], _ connection: MQTTConnection, _ context: inout LoopContext) {
    guard let first = messages.first(where: { !$0.isReceived && !$0.isRetained }) else {
      return connection.session.resendReleases(to: &connection.output)
    }
    var reader = context.log.makeReader(at: first.offset)
    for message in messages where !message.isReceived {
      if !message.isRetained, resend(message, connection, &reader, context.timestamp) { continue }
      // Retention has taken it, or it was a retained message: the client gets the topic's next.
      connection.session.forget(message)
      status.missedDeliveries += 1
    }
    connection.session.resendReleases(to: &connection.output)
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
