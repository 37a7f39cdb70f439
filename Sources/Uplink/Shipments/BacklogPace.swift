/// How the backlog lane drains beside the live one: its share of what goes out where both have something to send, and
/// shipments that are short enough for live records not to wait long behind one. One owner, one thread.
struct BacklogPace {
  /// Of the bytes, from 0 up to 1.
  private let share: Double
  private let largestBytes: Int
  /// The next shipment of the backlog is closed at so many bytes, uncompressed.
  private(set) var shipmentBytes: Int
  private var sent = (live: 0.0, backlog: 0.0)

  private static let smallestBytes = 8 << 10
  /// What is older counts half.
  private static let memoryBytes = 1e6
  private static let wantedNanoseconds: Int64 = 500_000_000

  init(share: Double, largestBytes: Int) {
    self.share = share
    self.largestBytes = largestBytes
    shipmentBytes = min(largestBytes, 64 << 10)
  }

  /// Whether the backlog is behind its share.
  var isBacklogsTurn: Bool { sent.backlog * (1 - share) < sent.live * share }

  mutating func count(_ bytes: Int, _ lane: Lane) {
    switch lane {
    case .live: sent.live += Double(bytes)
    case .backlog: sent.backlog += Double(bytes)
    }
    if sent.live + sent.backlog > Self.memoryBytes { sent = (sent.live / 2, sent.backlog / 2) }
  }

  /// A shipment of the backlog was confirmed so long after it was sent.
  mutating func confirmed(after nanoseconds: Int64) {
    if nanoseconds > 2 * Self.wantedNanoseconds {
      shipmentBytes = max(Self.smallestBytes, shipmentBytes / 2)
    } else if nanoseconds < Self.wantedNanoseconds {
      shipmentBytes = min(largestBytes, shipmentBytes * 2)
    }
  }
}
