/// What sealing has done since the log was opened.
package struct SealingMetrics: Hashable, Sendable {
  package var segments = 0
  package var records = 0
  /// What the segments took before and take now.
  package var bytesBefore = 0
  package var bytesAfter = 0
  /// Segments in which damage was found, and the records that were lost by it.
  package var damagedSegments = 0
  package var lostRecords = 0

  package init() {}
}
