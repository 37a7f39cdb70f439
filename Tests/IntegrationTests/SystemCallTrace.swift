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
    case syncBegan(thread: Int)
    /// A sync has returned without an error.
    case synced(thread: Int)
    /// Bytes go out through a descriptor: the call begins.
    case sent([UInt8])
  }

  private let events: [Event]

  init(path: String) throws {
    var events: [Event] = []
    var unfinished: [Int: [UInt8]] = [:]
    for line in try readFile(path).split(separator: "\n") {
      guard let space = line.firstIndex(of: " "), let thread = Int(line[..<space]) else { continue }
      let call = line[space...].drop { $0 == " " }
      if call.hasPrefix("pwrite64(") {
        let bytes = Self.data(call)
        if call.hasSuffix("<unfinished ...>") { unfinished[thread] = bytes } else { events.append(.written(bytes)) }
      } else if call.hasPrefix("<... pwrite64 resumed>") {
        events.append(.written(unfinished.removeValue(forKey: thread) ?? []))
      } else if call.hasPrefix("fdatasync(") {
        events.append(.syncBegan(thread: thread))
        if call.hasSuffix("= 0") { events.append(.synced(thread: thread)) }
      } else if call.hasPrefix("<... fdatasync resumed>") {
        if call.hasSuffix("= 0") { events.append(.synced(thread: thread)) }
      } else if call.hasPrefix("sendto(") || call.hasPrefix("write(") {
        events.append(.sent(Self.data(call)))
      }
    }
    self.events = events
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
      case .syncBegan(let thread): beforeSync[thread] = written
      case .synced(let thread):
        durable.formUnion(beforeSync[thread] ?? [])
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

  /// PUBACKs among `bytes`, which are MQTT packets one behind the other, or something else altogether.
  private static func countAcknowledgements(in bytes: [UInt8]) -> Int {
    var position = 0
    var count = 0
    while position + 1 < bytes.count, bytes[position] >> 4 >= 2, bytes[position + 1] < 0x80 {
      if bytes[position] == 0x40 { count += 1 }
      position += 2 + Int(bytes[position + 1])
    }
    return position == bytes.count ? count : 0
  }

  /// The bytes of the first string argument, which strace prints as `"\x40\x02"`.
  private static func data(_ call: Substring) -> [UInt8] {
    let utf8 = Array(call.utf8)
    guard let start = utf8.firstIndex(of: UInt8(ascii: "\"")) else { return [] }
    var bytes: [UInt8] = []
    var position = start + 1
    while position + 3 < utf8.count, utf8[position] == UInt8(ascii: "\\") {
      bytes.append(digit(utf8[position + 2]) << 4 | digit(utf8[position + 3]))
      position += 4
    }
    return bytes
  }

  private static func digit(_ character: UInt8) -> UInt8 {
    character <= UInt8(ascii: "9") ? character - UInt8(ascii: "0") : character - UInt8(ascii: "a") + 10
  }
}
