package import Platform
package import Records
package import Storage

/// Hands the records of a part of the log on, in order: those that a query lets through, in a range of offsets.
package struct LogExport: Sendable {
  private let query: Query
  /// The offsets that are gone through.
  package let range: Range<Offset>

  /// Why a record could not be written.
  package typealias WriteError = SystemError

  /// What an export came to.
  package struct Outcome: Hashable, Sendable {
    package var records = 0
    /// Records in the range that could not be read: damaged, or taken by retention meanwhile.
    package var skipped = 0
  }

  /// - Parameter range: as far as the log has it.
  package init(_ query: Query, range: Range<Offset>) {
    self.query = query
    self.range = range
  }

  /// - Parameters:
  ///   - write: called with each record that is wanted.
  ///   - progress: called with the offset of each that was looked at.
  package func run(
    on log: StoredLog, write: (borrowing Record) throws(WriteError) -> Void, progress: (Offset) -> Void = { _ in }
  ) throws(StorageError) -> Outcome {
    var outcome = Outcome()
    var reader = log.makeReader(at: range.lowerBound)
    reader.oldest = query.since
    while reader.position < range.upperBound, let record = try reader.next() {
      guard record.offset < range.upperBound else { break }
      progress(record.offset)
      guard query.matches(record) else { continue }
      do throws(WriteError) { try write(record) } catch { throw .disk(error) }
      outcome.records += 1
    }
    outcome.skipped = reader.skippedRecords
    return outcome
  }
}
