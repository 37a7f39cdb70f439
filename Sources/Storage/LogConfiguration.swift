/// How a log is kept. Every field has the default of the configuration file.
package struct LogConfiguration: Hashable, Sendable {
  /// The directory of the segments; made if missing.
  package var directory: String
  /// A segment is closed and the next begun before it would grow past this. A quarter of `maxBytes` at most, so that
  /// retention has something to remove. `log.segment`
  package var segmentBytes = 64 << 20
  /// The oldest segments go when the log is larger than this. `log.maxBytes`
  package var maxBytes = 1 << 30
  /// A bounded wait before each commit, to spare flash; 0: none. `log.commitDelay`
  package var commitDelayMilliseconds = 0
  /// What may wait for a commit, for each producer: beyond it the producer must stop reading. `log.commitBuffer`
  package var commitBufferBytes = 16 << 20

  package init(directory: String) {
    self.directory = directory
  }
}
