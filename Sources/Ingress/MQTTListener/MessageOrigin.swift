import Bytes
import Records
import Wire

/// What a record's headers say of the message it was: read once for each record that is delivered, without allocating.
struct MessageOrigin: ~Escapable {
  /// As it was published. What did not come over MQTT, and what the headers say nothing of, came as surely as QoS 1.
  let qos: MQTTQoS
  let isRetained: Bool
  /// The client that published it; nil where none did.
  let clientID: RawSpan?

  private static let sourcePrefix: StaticString = "mqtt:"

  @_lifetime(copy record)
  init(_ record: borrowing Record) {
    guard let source = record.headerValue("source"), source.starts(with: Self.sourcePrefix) else {
      clientID = nil
      qos = .atLeastOnce
      isRetained = false
      return
    }
    clientID = source.extracting(Self.sourcePrefix.utf8CodeUnitCount..<source.byteCount)
    if let text = record.headerValue("qos"), text.byteCount == 1 {
      qos = MQTTQoS(rawValue: text.unsafeLoad(as: UInt8.self) &- UInt8(ascii: "0")) ?? .atLeastOnce
    } else {
      qos = .atLeastOnce
    }
    isRetained = record.headerValue("retain") != nil
  }

  /// Whether the message's time is over, and what remains of it in seconds; nil: it has no end.
  func expiry(of record: borrowing Record, _ now: Timestamp) -> (isOver: Bool, remaining: UInt32?) {
    guard record.headerCount > 1, let text = record.header(RecordHeaderKey.messageExpiry), let seconds = UInt32(text)
    else { return (false, nil) }
    // A clock that was set back takes nothing away.
    let age = max(now.milliseconds - record.timestamp.milliseconds, 0) / 1000
    return (age >= Int64(seconds), UInt32(clamping: Int64(seconds) - age))
  }

  func isFrom(_ client: borrowing [UInt8]) -> Bool {
    guard let clientID else { return false }
    return clientID.elementsEqual(client.span.bytes)
  }
}

extension RawSpan {
  fileprivate func starts(with prefix: StaticString) -> Bool {
    prefix.withUTF8Buffer { prefix in
      withUnsafeBytes { $0.count >= prefix.count && $0.prefix(prefix.count).elementsEqual(prefix) }
    }
  }
}
