import Platform
package import Records

/// How an uplink stands: a copy.
package struct UplinkStatus: Hashable, Sendable {
  package enum State: String, Hashable, Sendable {
    case connecting
    /// Connected, and everything is at the far side.
    case idle
    /// A shipment is on its way.
    case shipping
    /// Waits before it tries again.
    case waiting
    /// By command.
    case paused
    /// Its schedule has it connect later.
    case scheduled
    case stopped
  }

  package var name = ""
  /// `mqtt HOST:PORT`, `kafka TOPIC at HOST:PORT, …`
  package var target = ""
  package private(set) var state = State.connecting
  /// Wall clock; nil: since the start. From one shipment to the next counts as one state, whether or not it is idle between.
  package private(set) var stateSince: Timestamp?
  /// The first offset that the far side has not confirmed.
  package var position: Offset = 0
  /// Records that the far side has still to get, those that the filters pass over included.
  package var backlogRecords = 0
  /// Of these, those that the backlog lane has been left.
  package var leftBehindRecords = 0
  package var shippedRecords = 0
  /// Of the records, as they are in the log.
  package var rawBytes = 0
  /// Of what was handed to the far side's protocol.
  package var shippedBytes = 0
  package var shipments = 0
  package var shipmentsInFlight = 0
  package var retries = 0
  package var deadLetters = 0
  /// Times the cursor could not be saved, most often for want of room on the disk: tried again, and until then no new
  /// shipment is cut.
  package var saveFailures = 0
  /// In words; the last, even if it is over.
  package var lastError: String?
  /// Wall clock: when its schedule has it connect; nil: it may be connected now.
  package var opensAt: Timestamp?
  /// Wall clock; nil while there is no connection.
  package var connectedSince: Timestamp?

  package init() {}

  mutating func enter(_ new: State, _ time: any TimeSource) {
    guard new != state else { return }
    let wasConnected = state == .idle || state == .shipping
    if !(wasConnected && (new == .idle || new == .shipping)) {
      stateSince = Timestamp(milliseconds: time.wallMilliseconds())
    }
    state = new
  }
}
