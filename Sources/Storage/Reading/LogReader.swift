package import Records

/// Reads records in order, from one offset on, up to the durable end. One owner, one thread.
package struct LogReader: ~Copyable, Sendable {
  /// The offset the next record has, or will have.
  package var position: Offset { fatalError() }

  /// Records that were no longer there, or damaged, when the reader came to them.
  package var skippedRecords: Int { fatalError() }

  /// Batches whose newest record is older are passed over without being decoded.
  package var oldest: Timestamp? = nil

  /// The next durable record, or nil when there is none yet. The record is valid until the next call.
  @_lifetime(&self)
  package mutating func next() throws(StorageError) -> Record? { fatalError() }

  /// Goes to `offset`, back or forth.
  package mutating func seek(to offset: Offset) { fatalError() }
}
