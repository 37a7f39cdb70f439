/// The QoS 2 messages of a client between PUBLISH and PUBREL: a second PUBLISH with such a packet id is the same message.
///
/// Kept in order of packet id. Eight bytes for each that is in flight.
struct InboundMessages {
  private struct Message {
    let packetID: UInt16
    /// The PUBREC has been sent, so a PUBREL may come.
    var isReceived = false
  }

  private var messages: [Message] = []

  init() {}

  /// Goes on with what an earlier connection has received.
  init(_ received: [UInt16]) {
    messages = Set(received).sorted().map { Message(packetID: $0, isReceived: true) }
  }

  var count: Int { messages.count }

  /// The packet ids of what is stored, in ascending order.
  var received: [UInt16] { messages.filter(\.isReceived).map(\.packetID) }

  /// Notes a PUBLISH; false where it is one that is noted already.
  mutating func begin(_ packetID: UInt16) -> Bool {
    let index = lowerBound(packetID)
    if index < messages.count, messages[index].packetID == packetID { return false }
    messages.insert(Message(packetID: packetID), at: index)
    return true
  }

  /// Notes that the PUBREC goes out.
  mutating func received(_ packetID: UInt16) {
    let index = lowerBound(packetID)
    guard index < messages.count, messages[index].packetID == packetID else { return }
    messages[index].isReceived = true
  }

  /// The message has been refused, and its packet id is free.
  mutating func forget(_ packetID: UInt16) {
    messages.removeAll { $0.packetID == packetID }
  }

  enum Release {
    case released
    /// Of an earlier connection, or released twice.
    case unknown
    /// Its PUBREC has not been sent.
    case tooEarly
  }

  /// Notes a PUBREL.
  mutating func release(_ packetID: UInt16) -> Release {
    let index = lowerBound(packetID)
    guard index < messages.count, messages[index].packetID == packetID else { return .unknown }
    guard messages[index].isReceived else { return .tooEarly }
    messages.remove(at: index)
    return .released
  }

  private func lowerBound(_ packetID: UInt16) -> Int {
    // Clients count up: most often it is behind all others.
    guard let last = messages.last, last.packetID >= packetID else { return messages.count }
    var low = 0
    var high = messages.count
    while low < high {
      let middle = (low + high) / 2
      if messages[middle].packetID < packetID { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
