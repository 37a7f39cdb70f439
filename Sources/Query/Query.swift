package import Records
package import Storage

/// Which records are wanted. Order is always that of the log.
package struct Query: Hashable, Sendable {
  /// A record passes where one of them matches; empty: every record, Forebay's own among them.
  package var filters: [TopicFilter] = []
  /// By the time of receipt: at or after, and before.
  package var since: Timestamp?
  package var until: Timestamp?

  package init() {}

  package func matches(_ record: borrowing Record) -> Bool {
    if let since, record.timestamp < since { return false }
    if let until, record.timestamp >= until { return false }
    return filters.isEmpty || filters.contains { $0.matches(record.topic) }
  }

  /// The next record from `reader` that is wanted; nil where there is none yet.
  /// - Parameter end: where to stop, for scans of a part of the log.
  @_lifetime(&reader)
  package func next(from reader: inout LogReader, before end: Offset = .max) throws(StorageError) -> Record? {
    reader.oldest = since
    if reader.filters.isEmpty { reader.filters = filters }
    while reader.position < end, let record = try reader.next() {
      guard record.offset < end else { return nil }
      if matches(record) { return record }
    }
    return nil
  }

  /// Where the newest `count` wanted records begin: the offset of the oldest of them.
  /// Reads segments from the newest back, only as many as it takes.
  package func startOfNewest(_ count: Int, in log: StoredLog) throws(StorageError) -> Offset {
    var missing = count
    var end = Offset.max
    for segment in log.segments.reversed() {
      let found = try self.count(in: log, from: segment.base, to: end)
      if found >= missing {
        return try offset(ofMatch: found - missing, in: log, from: segment.base)
      }
      missing -= found
      end = segment.base
    }
    return log.startOffset
  }

  private func count(in log: StoredLog, from first: Offset, to end: Offset) throws(StorageError) -> Int {
    var reader = log.makeReader(at: first)
    var found = 0
    while try next(from: &reader, before: end) != nil { found += 1 }
    return found
  }

  /// The offset of the wanted record that has `index` wanted ones between `first` and itself.
  private func offset(
    ofMatch index: Int, in log: StoredLog, from first: Offset
  ) throws(StorageError) -> Offset {
    var reader = log.makeReader(at: first)
    var remaining = index
    while let record = try next(from: &reader) {
      if remaining == 0 { return record.offset }
      remaining -= 1
    }
    return first
  }
}
