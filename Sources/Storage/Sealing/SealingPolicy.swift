package import Platform
package import Records

/// Decides how fast sealing goes, and where it goes on. Pure: whoever asks brings the measurements.
///
/// - By itself it rests three times as long as it works while messages come in, so that it never takes more than a quarter of
///   a core or of the disk from them, and makes segments as small as it can; the oldest comes first.
/// - Where more than half of the log is unsealed it does not rest, nor compress more than can be done quickly, or the log would
///   lose records for which there would be room.
/// - Unless it loses the race: the log is full, and even without a rest less is sealed than comes in. What is oldest goes then
///   before it is sealed, or soon after, and the work is in vain. The newest come first, of which the log has most; and it rests
///   again, for more to come in, as long as nobody waits for what goes.
package struct SealingPolicy: Hashable, Sendable {
  package var maxBytes: Int
  package var segmentBytes: Int
  package var whenFull: WhenFull

  package init(maxBytes: Int, segmentBytes: Int, whenFull: WhenFull) {
    self.maxBytes = maxBytes
    self.segmentBytes = segmentBytes
    self.whenFull = whenFull
  }

  package struct Plan: Hashable, Sendable {
    package var rests: Bool
    package var takesNewestFirst = false

    package init(rests: Bool, takesNewestFirst: Bool = false) {
      self.rests = rests
      self.takesNewestFirst = takesNewestFirst
    }

    /// Where there is time to rest, there is time to make it small.
    package var effort: ZstdCompressor.Effort { rests && !takesNewestFirst ? .thorough : .quick }
  }

  /// - Parameters:
  ///   - segments: oldest first.
  ///   - slowest: where the consumer stands that is furthest behind; nil: there is none.
  ///   - keepsUp: as much can be sealed as comes in.
  package func plan(_ segments: [SegmentList.Segment], slowest: Offset?, keepsUp: Bool) -> Plan {
    let unsealed = segments.reduce(0) { $0 + ($1.isSealed ? 0 : $1.bytes) }
    guard unsealed > maxBytes / 2 else { return Plan(rests: true) }
    let isFull = segments.reduce(segmentBytes) { $0 + $1.bytes } > maxBytes
    guard isFull, !keepsUp, whenFull == .dropOldest, segments.count > 1 else { return Plan(rests: false) }
    return Plan(rests: slowest.map { $0 >= segments[1].base } ?? true, takesNewestFirst: true)
  }
}
