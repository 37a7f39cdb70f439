import Support

/// What `strace -f -xx` saw a daemon do, reduced to what the first promise is about: writes to the log, syncs, and what
/// left through sockets.
struct SystemCallTrace {
  /// The tracer's command line in front of the daemon's.
  static func tracer(output: String) -> [String] {
    ["strace", "-f", "-xx", "-s", "2000000", "-o", output, "-e", "trace=pwrite64,fdatasync,sendto,write"]
  }

  private enum Event {
    /// A write to a file has returned.
    case written([UInt8])
    /// A sync begins; what it covers is known by its number.
    case syncBegan(Int)
    /// A sync has returned without an error.
    case synced(Int)
    /// Bytes go out through a descriptor: the call begins.
    case sent([UInt8])
  }

  private let events: [Event]

  init(path: String) throws {
    var events: [(line: Int, event: Event)] = []
    for call in SystemCallParser.parse(Array(try readFile(path).utf8)) {
      switch call.name {
      case "pwrite64": if let line = call.returned { events.append((line, .written(call.bytes(1) ?? []))) }
      case "fdatasync":
        events.append((call.began, .syncBegan(call.began)))
        if let line = call.returned, call.result == 0 { events.append((line, .synced(call.began))) }
      case "sendto", "write": events.append((call.began, .sent(call.bytes(1) ?? [])))
      default: break
      }
    }
    // The sort keeps the order within a line: a sync begins before it returns.
    self.events = events.sorted { $0.line < $1.line }.map(\.event)
  }

  struct Verdict {
    var messages = 0
    var acknowledgements = 0
    var syncs = 0
    /// PUBACKs that left before the message they stand for was on disk.
    var problems: [String] = []
  }

  /// Plays the trace. Acknowledgements leave in the order of the messages, so the nth may leave once n are on disk.
  /// - Parameter marker: what each message's payload begins with; six digits follow.
  func verdict(marker: String) -> Verdict {
    var verdict = Verdict()
    var written = Set<[UInt8]>()
    var beforeSync: [Int: Set<[UInt8]>] = [:]
    var durable = Set<[UInt8]>()
    for event in events {
      switch event {
      case .written(let bytes): Self.collectMessages(in: bytes, Array(marker.utf8), into: &written)
      case .syncBegan(let sync): beforeSync[sync] = written
      case .synced(let sync):
        durable.formUnion(beforeSync[sync] ?? [])
        verdict.syncs += 1
      case .sent(let bytes):
        verdict.acknowledgements += Self.countAcknowledgements(in: bytes)
        if verdict.acknowledgements > durable.count {
          verdict.problems.append("\(verdict.acknowledgements) acknowledged with \(durable.count) on disk")
        }
      }
    }
    verdict.messages = durable.count
    return verdict
  }

  private static func collectMessages(in bytes: [UInt8], _ marker: [UInt8], into found: inout Set<[UInt8]>) {
    guard bytes.count >= marker.count + 6 else { return }
    var position = 0
    while position + marker.count + 6 <= bytes.count {
      guard bytes[position] == marker[0], bytes[position..<(position + marker.count)].elementsEqual(marker) else {
        position += 1
        continue
      }
      position += marker.count
      found.insert(Array(bytes[position..<(position + 6)]))
    }
  }

  /// PUBACKs and PUBRECs among `bytes`, which are MQTT packets one behind the other, or something else altogether.
  private static func countAcknowledgements(in bytes: [UInt8]) -> Int {
    var position = 0
    var count = 0
    while position + 1 < bytes.count, bytes[position] >> 4 >= 2, bytes[position + 1] < 0x80 {
      if bytes[position] == 0x40 || bytes[position] == 0x50 { count += 1 }
      position += 2 + Int(bytes[position + 1])
    }
    return position == bytes.count ? count : 0
  }
}
