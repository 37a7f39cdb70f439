import Bytes

/// What says in the log itself that messages are missing: a record of topic `$forebay/gap`, queried and forwarded like
/// any other. Its payload is one JSON object: `{"reason":"udp-kernel","count":12,"where":"0.0.0.0:5510"}`.
package struct GapRecord: Hashable, Sendable {
  package enum Reason: String, Sendable {
    /// The kernel dropped datagrams since nobody read them in time.
    case udpKernel = "udp-kernel"
    /// A datagram was longer than the listener's limit.
    case udpTooLarge = "udp-too-large"
    /// The log or the disk was full, and the sender could not be told to wait.
    case logFull = "log-full"
    /// The oldest segments were dropped to keep the log within its limit.
    case retention = "retention"
    /// Records were lost: their bytes are no intact batch any more, or their segment is missing.
    case damage = "damage"
    /// What was being written when the power went, and was not acknowledged, was cut.
    case tornTail = "torn-tail"
  }

  package var reason: Reason
  /// How many messages, or for `tornTail` bytes, are missing.
  package var count: Int
  /// Which listener, file or offset range.
  package var place: String

  package init(_ reason: Reason, count: Int, place: String) {
    self.reason = reason
    self.count = count
    self.place = place
  }

  package var payload: [UInt8] {
    var writer = ByteWriter(capacity: 128)
    writer.append(literal: "{\"reason\":\"")
    writer.append(reason.rawValue)
    writer.append(literal: "\",\"count\":")
    writer.append(decimal: Int64(count))
    writer.append(literal: ",\"where\":")
    JSONText.appendString(place.utf8.span.bytes, to: &writer)
    writer.append(literal: "}")
    return writer.array
  }
}
