/// What has gone over a line, in both directions.
struct LineCount: Sendable {
  /// From the client, and to it.
  var sentBytes = 0
  var receivedBytes = 0
  /// Of TCP, acknowledgements included.
  var packets = 0

  /// With the headers of IPv4 and TCP (with timestamps): what a line of Ethernet or a modem carries, without their own.
  var wireBytes: Int { sentBytes + receivedBytes + 52 * packets }

  static func - (one: LineCount, other: LineCount) -> LineCount {
    LineCount(
      sentBytes: one.sentBytes - other.sentBytes, receivedBytes: one.receivedBytes - other.receivedBytes,
      packets: one.packets - other.packets)
  }

  static func + (one: LineCount, other: LineCount) -> LineCount {
    LineCount(
      sentBytes: one.sentBytes + other.sentBytes, receivedBytes: one.receivedBytes + other.receivedBytes,
      packets: one.packets + other.packets)
  }
}
