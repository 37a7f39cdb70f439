package import Platform
package import Records
package import Storage

/// Follows a log from outside the daemon: shows what comes, for as long as somebody watches. One owner, one thread.
package struct Tail: ~Copyable {
  package static let pollMilliseconds = 100

  private let query: Query
  private var reader: LogReader
  private var remaining: Int

  /// - Parameter reader: at the first record that may be shown.
  package init(_ query: Query, _ reader: consuming LogReader) {
    self.query = query
    remaining = query.limit
    self.reader = reader
  }

  /// Whether the limit has been reached.
  package var isOver: Bool { remaining == 0 }

  /// Gives `body` each record that has come since the last call.
  /// - Returns: how many there were.
  package mutating func poll(_ body: (borrowing Record) -> Void) throws(StorageError) -> Int {
    var query = query
    query.limit = remaining
    let count = try query.scan(&reader, body)
    remaining -= count
    return count
  }

  /// Polls until the limit is reached.
  /// - Parameter idle: called after each poll, before the wait: the time to show what there is.
  package mutating func run(
    time: any TimeSource = SystemTime(), _ body: (borrowing Record) -> Void, idle: () -> Void
  ) throws(StorageError) {
    while true {
      _ = try poll(body)
      idle()
      if isOver { return }
      time.sleep(milliseconds: Self.pollMilliseconds)
    }
  }
}
