import Wire

/// Acknowledgements that wait for their records to become durable, in the order of the records. A ring that grows by
/// doubling and allocates nothing once it has its working size. One owner, one thread.
struct AcknowledgementQueue: ~Copyable {
  struct Entry {
    let ticket: UInt64
    let connection: ConnectionID
    let acknowledgement: MQTTAcknowledgement
    /// When the message came (monotonic nanoseconds).
    let received: Int64
  }

  private var memory = UnsafeMutableBufferPointer<Entry>.allocate(capacity: 1024)
  private var first = 0
  private(set) var count = 0

  deinit {
    memory.deallocate()
  }

  mutating func append(_ entry: Entry) {
    if count == memory.count { grow() }
    memory.initializeElement(at: (first + count) & (memory.count - 1), to: entry)
    count += 1
  }

  /// The oldest entry whose ticket is below `durableTickets`.
  mutating func pop(below durableTickets: UInt64) -> Entry? {
    guard count > 0, memory[first].ticket < durableTickets else { return nil }
    defer {
      first = (first + 1) & (memory.count - 1)
      count -= 1
    }
    return memory[first]
  }

  private mutating func grow() {
    let larger = UnsafeMutableBufferPointer<Entry>.allocate(capacity: memory.count * 2)
    for index in 0..<count {
      larger.initializeElement(at: index, to: memory[(first + index) & (memory.count - 1)])
    }
    memory.deallocate()
    memory = larger
    first = 0
  }
}
