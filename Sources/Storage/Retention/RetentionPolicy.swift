package import Records

/// Decides which of the oldest segments go, and whether the log may grow. Pure: whoever asks carries it out, and asks again
/// until the answer is to keep or to refuse.
///
/// - The newest segment never goes. What goes is always the oldest.
/// - `dropOldest`: a segment goes for any limit, consumed or not. `refuse`: it goes once every consumer has it; where there
///   is no consumer everything stays, since then somebody comes for it with a query.
/// - `maxAge` is by the newest record of a segment, `maxBytes` by the bytes of all.
/// - `keepFree`: where the segments that may go are not enough to reach it, others have filled the disk. Their share is not
///   paid with the log's: it drops then only about as much as it is about to grow, a segment for a segment.
/// - Only where the log needs room (`Demand.bytes`) it refuses: a look by the clock alone never does.
package struct RetentionPolicy: Hashable, Sendable {
  package var maxBytes: Int
  /// Nil: records do not age.
  package var maxAgeMilliseconds: Int64?
  package var keepFree: KeepFree
  package var whenFull: WhenFull

  package init(maxBytes: Int, maxAgeMilliseconds: Int64? = nil, keepFree: KeepFree, whenFull: WhenFull) {
    self.maxBytes = maxBytes
    self.maxAgeMilliseconds = maxAgeMilliseconds
    self.keepFree = keepFree
    self.whenFull = whenFull
  }

  package struct Segment: Hashable, Sendable {
    package let base: Offset
    /// Behind its last record.
    package let end: Offset
    package let bytes: Int
    /// How long ago its newest record came, by `LogClock`.
    package let ageMilliseconds: Int64

    package init(base: Offset, end: Offset, bytes: Int, ageMilliseconds: Int64) {
      self.base = base
      self.end = end
      self.bytes = bytes
      self.ageMilliseconds = ageMilliseconds
    }
  }

  /// What the log is about to need.
  package struct Demand: Hashable, Sendable {
    /// Of the segment to be made; 0: none, the clock alone asks.
    package var bytes = 0
    /// What the newest segment gives back when it is closed for that.
    package var givenBackBytes = 0
    /// The disk has refused to give them.
    package var isOutOfSpace = false
    /// What has gone already while this is decided: the file system may not know of it yet.
    package var freedBytes = 0

    package init(bytes: Int = 0, givenBackBytes: Int = 0, isOutOfSpace: Bool = false, freedBytes: Int = 0) {
      self.bytes = bytes
      self.givenBackBytes = givenBackBytes
      self.isOutOfSpace = isOutOfSpace
      self.freedBytes = freedBytes
    }
  }

  /// The file system of the log, in bytes.
  package struct Space: Hashable, Sendable {
    package var free: Int
    package var total: Int

    package init(free: Int, total: Int) {
      self.free = free
      self.total = total
    }

    /// For a file system that does not say.
    package static let unknown = Space(free: Int.max / 4, total: Int.max / 4)
  }

  package enum Action: Hashable, Sendable {
    /// Nothing need go, and the log may grow.
    case keep
    /// The oldest so many go.
    case drop(Int, RetentionReason)
    /// The log may not grow.
    case refuse(RetentionReason)
  }

  /// - Parameters:
  ///   - segments: oldest first.
  ///   - consumers: where each stands.
  package func decide(
    _ segments: [Segment], consumers: [Offset], demand: Demand = Demand(), space: Space = .unknown
  ) -> Action {
    let closed = segments.dropLast()
    let mayGo = whenFull == .dropOldest ? closed : closed.prefix(while: Self.isConsumed(by: consumers))
    if demand.isOutOfSpace { return decideOnFullDisk(mayGo, demand) }
    if let maxAgeMilliseconds {
      let count = mayGo.prefix { $0.ageMilliseconds > maxAgeMilliseconds }.count
      if count > 0 { return .drop(count, .maxAge) }
    }
    let excess = segments.reduce(demand.bytes - maxBytes) { $0 + $1.bytes }
    if excess > 0 {
      let count = Self.count(toFree: excess, of: mayGo)
      if count > 0 { return .drop(count, .maxBytes) }
      // With nothing behind it the newest segment is what is too large: a record larger than all the log may have.
      if whenFull == .refuse, demand.bytes > 0, !closed.isEmpty { return .refuse(.maxBytes) }
    }
    return decideOnSpace(mayGo, demand, space)
  }

  private func decideOnSpace(_ mayGo: ArraySlice<Segment>, _ demand: Demand, _ space: Space) -> Action {
    let growth = demand.bytes - demand.givenBackBytes - demand.freedBytes
    let shortage = keepFree.bytes(ofTotal: space.total) + growth - space.free
    guard shortage > 0 else { return .keep }
    let reason: RetentionReason = demand.bytes - demand.freedBytes > space.free ? .diskFull : .keepFree
    if mayGo.reduce(0, { $0 + $1.bytes }) >= shortage {
      return .drop(Self.count(toFree: shortage, of: mayGo), reason)
    }
    guard growth > 0 else { return .keep }
    // Rounded down, but to one at least: rounded up each time, the log would shrink by and by.
    let count = max(Self.count(within: growth, of: mayGo), demand.freedBytes > 0 ? 0 : min(1, mayGo.count))
    if count > 0 { return .drop(count, reason) }
    return whenFull == .refuse && demand.bytes > 0 && demand.freedBytes == 0 ? .refuse(reason) : .keep
  }

  private func decideOnFullDisk(_ mayGo: ArraySlice<Segment>, _ demand: Demand) -> Action {
    let goal = demand.bytes - demand.freedBytes
    guard goal > 0, !mayGo.isEmpty else { return .refuse(.diskFull) }
    return .drop(Self.count(toFree: goal, of: mayGo), .diskFull)
  }

  /// Whether every consumer has done with a segment; with no consumer, never.
  private static func isConsumed(by consumers: [Offset]) -> (Segment) -> Bool {
    let slowest = consumers.min() ?? -1
    return { $0.end <= slowest }
  }

  /// How many of the oldest make no more than `bytes`.
  private static func count(within bytes: Int, of segments: ArraySlice<Segment>) -> Int {
    var freed = 0
    return segments.prefix { segment in
      freed += segment.bytes
      return freed <= bytes
    }.count
  }

  /// How many of the oldest make `bytes`; all where they are not enough.
  private static func count(toFree bytes: Int, of segments: ArraySlice<Segment>) -> Int {
    var freed = 0
    return segments.prefix { segment in
      defer { freed += segment.bytes }
      return freed < bytes
    }.count
  }
}
