package import Records

/// What of the log an uplink has not cut yet: everything from `live` on, and the ranges that were left behind.
///
/// Together with the shipments that are cut and not confirmed, this is all that the far side has still to get. A pure value.
package struct Lanes: Hashable, Sendable {
  /// Where the live lane goes on.
  package private(set) var live: Offset
  /// What the backlog lane has still to cut, in order, none touching another.
  package private(set) var backlog: [Range<Offset>] = []

  /// With so many ranges left behind nothing more is: live records wait until one of them is done with.
  package static let maximumRanges = 16

  package init(live: Offset, backlog: [Range<Offset>] = []) {
    self.live = live
    self.backlog = backlog
  }

  /// The first offset that is not cut.
  package var first: Offset { min(live, backlog.first?.lowerBound ?? live) }

  /// How many offsets are not cut, below `end`.
  package func count(upTo end: Offset) -> Int { backlogCount + Int(max(0, end - live)) }

  package var backlogCount: Int { backlog.reduce(0) { $0 + $1.count } }

  /// What is to be cut next in `lane`; nil: nothing. The live lane has no end.
  package func next(in lane: Lane) -> Range<Offset>? {
    switch lane {
    case .live: live..<Offset.max
    case .backlog: backlog.first
    }
  }

  /// Leaves what lies below `end` to the backlog lane, so that the live lane goes on at `end`. Does nothing where too much has
  /// been left already.
  package mutating func leaveBehind(upTo end: Offset) {
    guard live < end else { return }
    if let last = backlog.last, last.upperBound == live {
      backlog[backlog.count - 1] = last.lowerBound..<end
    } else {
      guard backlog.count < Self.maximumRanges else { return }
      backlog.append(live..<end)
    }
    live = end
  }

  /// Everything up to `end` in `lane` has been cut, or is not wanted.
  package mutating func advance(_ lane: Lane, to end: Offset) {
    switch lane {
    case .live: live = max(live, end)
    case .backlog: while let range = backlog.first, range.lowerBound < end { passFirst(upTo: end, range) }
    }
  }

  private mutating func passFirst(upTo end: Offset, _ range: Range<Offset>) {
    if end < range.upperBound { backlog[0] = end..<range.upperBound } else { backlog.removeFirst() }
  }

  /// A shipment that was never sent is uncut again.
  package mutating func giveBack(_ shipment: Shipment, to lane: Lane) {
    if lane == .live, shipment.end == live {
      live = shipment.first
    } else if let next = backlog.firstIndex(where: { $0.lowerBound >= shipment.end }) {
      if backlog[next].lowerBound == shipment.end {
        backlog[next] = shipment.first..<backlog[next].upperBound
      } else {
        backlog.insert(shipment.first..<shipment.end, at: next)
      }
    } else {
      backlog.append(shipment.first..<shipment.end)
    }
  }
}
