package import Platform
package import Records

/// A log seen from outside the process that keeps it, or with no such process: for queries. Takes no lock.
package struct StoredLog: Sendable {
  package let epoch: LogEpoch

  /// - Parameter directory: the data directory.
  package init(directory: String, disk: any Disk = LocalDisk()) throws(StorageError) { fatalError() }

  package var startOffset: Offset { fatalError() }

  /// The offset behind the last whole batch on disk now: reads the last segment.
  package func findEnd() throws(StorageError) -> Offset { fatalError() }

  /// A reader from `offset` on; it sees what is appended while it is used.
  package func makeReader(at offset: Offset) -> LogReader { fatalError() }
}
