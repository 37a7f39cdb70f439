/// Who an event of the poller is for, in the 64 bits that the kernel keeps for us.
enum EventToken: Hashable {
  case wakeUp
  case mqttListener(Int)
  case udpListener(Int)
  case connection(ConnectionID)

  init(_ raw: UInt64) {
    let index = Int(raw & 0xFFFF_FFFF)
    switch raw >> 62 {
    case 0: self = .wakeUp
    case 1: self = .mqttListener(index)
    case 2: self = .udpListener(index)
    default: self = .connection(ConnectionID(slot: index, generation: UInt32(raw >> 32 & 0x3FFF_FFFF)))
    }
  }

  var raw: UInt64 {
    switch self {
    case .wakeUp: 0
    case .mqttListener(let index): 1 << 62 | UInt64(index)
    case .udpListener(let index): 2 << 62 | UInt64(index)
    case .connection(let id): 3 << 62 | UInt64(id.generation) << 32 | UInt64(id.slot)
    }
  }
}
