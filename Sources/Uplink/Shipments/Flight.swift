import Records

/// A shipment that is cut and not confirmed, with its records. One owner, one thread; kept and used again.
final class Flight {
  var contents = ShipmentContents()
  /// What the far side recognises it by; nil: not asked for yet, so it was never sent.
  var identity: [UInt8]?
  /// It has been cut in this life or an earlier one, and the cursor's note says so.
  var isNoted = false
  /// When it was last handed to the target (monotonic nanoseconds).
  var sentAt: Int64 = 0

  var shipment: Shipment {
    guard let shipment = contents.shipment else { preconditionFailure("a flight without a shipment") }
    return shipment
  }

  var lane: Lane { contents.lane }

  func clear() {
    contents.clear()
    identity = nil
    isNoted = false
  }
}
