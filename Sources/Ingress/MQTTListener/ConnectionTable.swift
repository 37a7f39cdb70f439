/// Names one connection for good: a slot that is used again has another generation.
struct ConnectionID: Hashable {
  let slot: Int
  /// 30 bits.
  let generation: UInt32
}

/// The open connections, by slot. One thread.
struct ConnectionTable {
  private var slots: ContiguousArray<MQTTConnection?> = []
  private var generations: ContiguousArray<UInt32> = []
  private var free: ContiguousArray<Int> = []

  private(set) var count = 0

  /// The name of the next connection, which must be put there.
  mutating func reserve() -> ConnectionID {
    count += 1
    if let slot = free.popLast() { return ConnectionID(slot: slot, generation: generations[slot]) }
    slots.append(nil)
    generations.append(0)
    return ConnectionID(slot: slots.count - 1, generation: 0)
  }

  mutating func put(_ connection: MQTTConnection) {
    slots[connection.id.slot] = connection
  }

  /// Nil where that connection is gone.
  subscript(id: ConnectionID) -> MQTTConnection? {
    generations[id.slot] == id.generation ? slots[id.slot] : nil
  }

  /// By slot alone: for those who forget a connection when it goes.
  subscript(slot slot: Int) -> MQTTConnection? { slots[slot] }

  mutating func remove(_ id: ConnectionID) {
    guard generations[id.slot] == id.generation else { return }
    slots[id.slot] = nil
    generations[id.slot] = (id.generation + 1) & 0x3FFF_FFFF
    free.append(id.slot)
    count -= 1
  }

  func forEach(_ body: (MQTTConnection) -> Void) {
    for index in slots.indices {
      if let connection = slots[index] { body(connection) }
    }
  }
}
