/// The packet ids of QoS 1 messages that a subscriber has been sent and has not acknowledged.
struct OutboundWindow {
  private let limit: Int
  /// In the order they were sent.
  private var inFlight: [UInt16] = []
  private var lastID: UInt16 = 0

  init(limit: Int) {
    self.limit = limit
  }

  var isFull: Bool { inFlight.count >= limit }

  /// The id of the next message. The window must not be full.
  mutating func take() -> UInt16 {
    precondition(!isFull)
    repeat {
      lastID = lastID == UInt16.max ? 1 : lastID + 1
    } while inFlight.contains(lastID)
    inFlight.append(lastID)
    return lastID
  }

  /// Whether `packetID` was in flight: it no longer is.
  mutating func acknowledge(_ packetID: UInt16) -> Bool {
    guard let index = inFlight.firstIndex(of: packetID) else { return false }
    inFlight.remove(at: index)
    return true
  }
}
