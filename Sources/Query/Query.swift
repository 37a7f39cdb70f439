package import Records
package import Storage

/// Which records somebody wants to see, in log order.
package struct Query: Hashable, Sendable {
  /// A record that passes any of them; empty: every record, `$…` topics too.
  package var filters: [TopicFilter] = []
  /// Not older than this.
  package var since: Timestamp?
  /// Older than this.
  package var until: Timestamp?
  /// The first so many.
  package var limit = Int.max

  package init() {}

  /// Whether the record is one of those, the limit aside. Allocates nothing.
  package func matches(_ record: borrowing Record) -> Bool {
    if let since, record.timestamp < since { return false }
    if let until, record.timestamp >= until { return false }
    guard !filters.isEmpty else { return true }
    for filter in filters where filter.matches(record.topic) { return true }
    return false
  }

  /// Gives `body` each record from the reader's position up to the end of the log, or to the limit. Batches that are
  /// older than `since` are passed over unread. The wall clock may jump, so all of the log is looked at: nothing ends
  /// the walk early but the limit.
  /// - Returns: how many there were.
  package func scan(
    _ reader: inout LogReader, _ body: (borrowing Record) -> Void
  ) throws(StorageError) -> Int {
    reader.oldest = since
    var count = 0
    while count < limit, let record = try reader.next() {
      guard matches(record) else { continue }
      body(record)
      count += 1
    }
    return count
  }
}
