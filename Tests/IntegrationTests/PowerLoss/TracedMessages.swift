import Glibc

/// Which messages a trace shows acknowledged, and in which segment each was written first.
///
/// One publisher, whose message n has the packet identifier n + 1 and the payload begins with `message` and six digits.
struct TracedMessages {
  /// The line in which the acknowledgement of each message begins to leave.
  private(set) var acknowledged: [Int: Int] = [:]
  /// The segment's file of each message.
  private(set) var segments: [Int: String] = [:]

  init(_ calls: [SystemCall]) {
    var descriptors: [Int: String] = [:]
    var renamed: [String: String] = [:]
    for call in calls {
      guard let result = call.result, result >= 0 else { continue }
      switch call.name {
      case "openat": descriptors[result] = call.text(1)
      case "close": if let descriptor = call.number(0) { descriptors[descriptor] = nil }
      case "rename": if let source = call.text(0) { renamed[source] = call.text(1) }
      case "pwrite64":
        guard let path = call.number(0).flatMap({ descriptors[$0] }), let bytes = call.bytes(1) else { continue }
        // A segment has a temporary name when it is opened; what the sealer writes is compressed.
        let name = renamed[path] ?? path
        if name.hasSuffix(".log") { Self.forEachMessage(in: bytes) { if segments[$0] == nil { segments[$0] = name } } }
      case "sendto":
        for identifier in Self.acknowledgements(in: call.bytes(1) ?? []) { acknowledged[identifier - 1] = call.began }
      default: break
      }
    }
  }

  private static func forEachMessage(in bytes: [UInt8], _ body: (Int) -> Void) {
    let word = Array("message".utf8)
    bytes.withUnsafeBytes { bytes in
      guard let start = bytes.baseAddress else { return }
      var position = 0
      while position + 13 <= bytes.count, let found = memchr(start + position, 0x6D, bytes.count - position - 12) {
        position = UnsafeRawPointer(found) - start + 1
        guard memcmp(found, word, word.count) == 0 else { continue }
        let digits = UnsafeRawBufferPointer(start: found + word.count, count: 6)
        if let number = Int(String(decoding: digits, as: UTF8.self)) { body(number) }
      }
    }
  }

  /// The packet identifiers of the PUBACKs among `bytes`, which are MQTT packets one behind the other, or something else.
  private static func acknowledgements(in bytes: [UInt8]) -> [Int] {
    var position = 0
    var found: [Int] = []
    while position + 1 < bytes.count, bytes[position] >> 4 >= 2, bytes[position + 1] < 0x80 {
      let end = position + 2 + Int(bytes[position + 1])
      if bytes[position] == 0x40, end == position + 4, end <= bytes.count {
        found.append(Int(bytes[position + 2]) << 8 | Int(bytes[position + 3]))
      }
      position = end
    }
    return position == bytes.count ? found : []
  }
}
