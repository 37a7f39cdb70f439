package import Records

/// A contiguous range of offsets that goes to the far side as one, cut once. Its boundaries are on disk before it is sent,
/// so that after a crash the very same shipment is made of the log again and sent again.
package struct Shipment: Hashable, Sendable {
  package let first: Offset
  /// Behind the last.
  package let end: Offset

  package init(first: Offset, end: Offset) {
    precondition(first < end)
    self.first = first
    self.end = end
  }
}

/// A shipment that is cut and not confirmed, with its records. One owner, one thread; kept and used again.
final class Flight {
  var contents = ShipmentContents()
  /// What the far side recognises it by; nil: not asked for yet, so it was never sent.
  var identity: [UInt8]?
  /// It has been cut in this life or an earlier one, and the cursor's note says so.
  var isNoted = false

  var shipment: Shipment {
    guard let shipment = contents.shipment else { preconditionFailure("a flight without a shipment") }
    return shipment
  }

  func clear() {
    contents.clear()
    identity = nil
    isNoted = false
  }
}
