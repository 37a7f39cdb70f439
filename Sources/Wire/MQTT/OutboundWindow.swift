import Records

/// The messages of QoS 1 and 2 that a subscriber has been sent and has not done with.
struct OutboundWindow {
  private let limit: Int
  /// In the order they were sent.
  private(set) var messages: [MQTTOutboundMessage]
  private var lastID: UInt16

  init(limit: Int, _ messages: [MQTTOutboundMessage] = []) {
    self.limit = limit
    self.messages = messages
    lastID = messages.last?.packetID ?? 0
  }

  var isFull: Bool { messages.count >= limit }

  /// Notes the next message, and gives it an id. The window must not be full.
  mutating func take(_ qos: MQTTQoS, _ offset: Offset, isRetained: Bool) -> UInt16 {
    precondition(!isFull)
    repeat {
      lastID = lastID == UInt16.max ? 1 : lastID + 1
    } while messages.contains { $0.packetID == lastID }
    messages.append(MQTTOutboundMessage(packetID: lastID, qos: qos, offset: offset, isRetained: isRetained))
    return lastID
  }

  /// Whether such a message was in flight: it no longer is.
  mutating func end(_ packetID: UInt16, _ qos: MQTTQoS) -> Bool {
    guard let index = index(packetID, qos) else { return false }
    messages.remove(at: index)
    return true
  }

  /// Notes a PUBREC; false where there is no such message.
  mutating func receive(_ packetID: UInt16) -> Bool {
    guard let index = index(packetID, .exactlyOnce) else { return false }
    messages[index].isReceived = true
    return true
  }

  private func index(_ packetID: UInt16, _ qos: MQTTQoS) -> Int? {
    messages.firstIndex { $0.packetID == packetID && $0.qos == qos }
  }
}
