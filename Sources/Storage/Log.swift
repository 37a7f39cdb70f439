package import Platform
package import Records
import Synchronization

package final class Log: Sendable {
  /// The random id made with the log.
  package let epoch: LogEpoch

  /// Takes the data directory, recovers what is on disk, and starts the commit.
  package static func open(
    _ configuration: LogConfiguration, disk: any Disk = LocalDisk(), time: any TimeSource = SystemTime()
  ) throws(StorageError) -> Log { fatalError() }

  init() { epoch = LogEpoch(1) }

  /// The offset behind the last record that is on disk. Any thread.
  package var durableEnd: Offset { fatalError() }

  /// The offset of the oldest record still kept. Any thread.
  package var startOffset: Offset { fatalError() }

  /// A new producer. `wakeUp` is signalled when its records have become durable.
  package func makeAppender(wakeUp: WakeUp? = nil) -> Appender { fatalError() }

  /// Has `wakeUp` signalled each time `durableEnd` has moved.
  package func follow(_ wakeUp: WakeUp) { fatalError() }

  /// A reader of durable records from `offset` on (moved up to `startOffset` where it is below).
  package func makeReader(at offset: Offset) -> LogReader { fatalError() }

  /// The durable cursor of the consumer called `name`, made at `first` if there is none.
  package func openCursor(_ name: String, startingAt first: Offset = 0) throws(StorageError) -> Cursor { fatalError() }

  /// Commits what has been handed over, and gives the directory up. Producers must have stopped.
  package func close() {}
}
