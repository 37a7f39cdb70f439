import Platform
import Records
import Storage

/// What everything on the ingress thread works with. Handed down the calls of a turn; one owner, one thread.
struct LoopContext: ~Copyable {
  var poller: Poller
  /// The loop's one way into the log: acknowledgements are one queue in the order of its tickets.
  var appender: Appender
  var acknowledgements = AcknowledgementQueue()
  let log: Log
  let wakeUp: WakeUp

  /// As of the beginning of the turn: monotonic nanoseconds, and the time that records of the turn bear.
  var now: Int64
  var timestamp: Timestamp
  /// When sockets were last not read, since the commit had no room.
  var lastStall = Int64.min / 2

  static func make(_ log: Log, _ time: any TimeSource) throws(IngressError) -> LoopContext {
    do throws(SystemError) {
      let wakeUp = try WakeUp()
      let poller = try Poller(capacity: 512)
      try poller.add(wakeUp.descriptor, .readable, token: EventToken.wakeUp.raw)
      return LoopContext(
        poller: poller, appender: log.makeAppender(wakeUp: wakeUp), log: log, wakeUp: wakeUp,
        now: time.monotonicNanoseconds(), timestamp: Timestamp(milliseconds: time.wallMilliseconds()))
    } catch {
      throw .system(error)
    }
  }

  mutating func refreshTime(_ time: any TimeSource) {
    now = time.monotonicNanoseconds()
    timestamp = Timestamp(milliseconds: time.wallMilliseconds())
  }
}

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
