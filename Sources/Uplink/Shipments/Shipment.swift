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
