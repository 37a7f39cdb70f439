/// How a log is kept. Every field has the default of the configuration file.
package struct LogConfiguration: Hashable, Sendable {
  /// The directory of the segments; made if missing.
  package var directory: String
  /// A segment is closed and the next begun before it would grow past this. A quarter of `maxBytes` at most, so that
  /// retention has something to remove. `log.segment`
  package var segmentBytes = 64 << 20
  /// The oldest segments go when the log is larger than this. `log.maxBytes`
  package var maxBytes = 1 << 30
  /// A segment goes when its newest record is older than this; nil: records do not age. `log.maxAge`
  package var maxAgeMilliseconds: Int?
  /// The oldest segments go when less than this is free on the file system of the log. `log.keepFree`
  package var keepFree = KeepFree.percent(5)
  /// What is done at one of these limits with what some consumer has not got. `log.whenFull`
  package var whenFull = WhenFull.dropOldest
  /// Whether segments that are no longer written to are sealed in the background.
  package var sealsInBackground = true
  /// The gateway's name, where sealed records are to carry their identity, so that a Kafka cluster can be sent batches as they
  /// are; nil: they do not, which takes a tenth less room.
  package var identifiedGateway: String?
  /// A bounded wait before each commit, to spare flash; 0: none. `log.commitDelay`
  package var commitDelayMilliseconds = 0
  /// What may wait for a commit, for each producer: beyond it the producer must stop reading. `log.commitBuffer`
  package var commitBufferBytes = 16 << 20

  package init(directory: String) {
    self.directory = directory
  }
}
