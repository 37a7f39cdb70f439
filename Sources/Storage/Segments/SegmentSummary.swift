package import Records

/// What is known of a segment that is no longer written to, without reading it.
package struct SegmentSummary: Hashable, Sendable {
  /// The offset behind its last record.
  package var endOffset: Offset
  /// The oldest and newest times of receipt in it. Clocks jump: they say nothing about the segments around it.
  package var times: ClosedRange<Timestamp>?
  /// Rewritten in large compressed batches.
  package var isSealed = false
  /// What its batches took before they were compressed.
  package var unsealedBytes: Int

  package init(
    endOffset: Offset, times: ClosedRange<Timestamp>? = nil, isSealed: Bool = false, unsealedBytes: Int
  ) {
    self.endOffset = endOffset
    self.times = times
    self.isSealed = isSealed
    self.unsealedBytes = unsealedBytes
  }

  mutating func add(_ header: RecordBatchHeader) {
    endOffset = header.endOffset
    guard header.recordCount > 0 else { return }
    let oldest = min(times?.lowerBound ?? header.baseTimestamp, header.baseTimestamp)
    times = oldest...max(times?.upperBound ?? header.maxTimestamp, header.maxTimestamp)
  }
}
