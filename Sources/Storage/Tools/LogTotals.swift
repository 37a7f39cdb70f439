/// What a check of the log has gone over, and how much of it was wrong.
package struct LogTotals: Hashable, Sendable {
  package var segments = 0
  /// Batches that are in order, without those that hold the place of lost records.
  package var batches = 0
  package var records = 0
  /// Of the batches.
  package var bytes = 0
  /// Findings of damage.
  package var damaged = 0
  /// Offsets whose records were lost earlier and are noted as lost.
  package var lostOffsets = 0
  package var remarks = 0

  package init() {}

  mutating func add(_ segment: LogTotals) {
    segments += 1
    batches += segment.batches
    records += segment.records
    bytes += segment.bytes
    lostOffsets += segment.lostOffsets
  }

  mutating func count(_ finding: LogFinding) {
    switch finding.kind {
    case .damage: damaged += 1
    case .lost: lostOffsets += finding.offsets?.count ?? 0
    case .remark: remarks += 1
    }
  }
}
