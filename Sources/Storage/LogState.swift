import Platform
import Records
import Synchronization

/// What the log's threads share: the segments and the durable end, who is to be woken, and whether the log has failed.
final class LogState: Sendable {
  let configuration: LogConfiguration
  let directory: LogDirectory
  let disk: any Disk
  let time: any TimeSource
  let segments: SegmentList
  let consumers = Consumers()

  private let followers = Mutex<[WakeUp]>([])
  private let failureWatchers = Mutex<[WakeUp]>([])
  private let failed = Mutex<StorageError?>(nil)
  private let refusal = Mutex<LogRefusal?>(nil)
  private let refuses = Atomic(false)
  private let refusalWatchers = Mutex<[WakeUp]>([])
  private let published = Mutex(LogMetrics())
  private let publishedSealing = Mutex(SealingMetrics())

  init(_ configuration: LogConfiguration, disk: any Disk, time: any TimeSource, segments: SegmentList) {
    self.configuration = configuration
    directory = LogDirectory(configuration.directory)
    self.disk = disk
    self.time = time
    self.segments = segments
  }

  var failure: StorageError? { failed.withLock { $0 } }

  var metrics: LogMetrics { published.withLock { $0 } }

  func publish(_ metrics: LogMetrics) {
    published.withLock { $0 = metrics }
  }

  var sealingMetrics: SealingMetrics { publishedSealing.withLock { $0 } }

  func publish(_ metrics: SealingMetrics) {
    publishedSealing.withLock { $0 = metrics }
  }

  func follow(_ wakeUp: WakeUp) {
    followers.withLock { $0.append(wakeUp) }
  }

  func unfollow(_ wakeUp: WakeUp) {
    followers.withLock { $0.removeAll { $0 === wakeUp } }
  }

  func wakeFollowers() {
    followers.withLock { for follower in $0 { follower.signal() } }
  }

  func onFailure(_ wakeUp: WakeUp) {
    failureWatchers.withLock { $0.append(wakeUp) }
    if failure != nil { wakeUp.signal() }
  }

  var isRefusing: Bool { refuses.load(ordering: .acquiring) }

  var currentRefusal: LogRefusal? { refusal.withLock { $0 } }

  func setRefusal(_ newRefusal: LogRefusal?) {
    refusal.withLock { $0 = newRefusal }
    let isRefusing = newRefusal != nil
    guard refuses.exchange(isRefusing, ordering: .acquiringAndReleasing) != isRefusing else { return }
    refusalWatchers.withLock { for watcher in $0 { watcher.signal() } }
  }

  func onRefusal(_ wakeUp: WakeUp) {
    refusalWatchers.withLock { $0.append(wakeUp) }
  }

  func offRefusal(_ wakeUp: WakeUp) {
    refusalWatchers.withLock { $0.removeAll { $0 === wakeUp } }
  }

  func fail(_ error: StorageError) {
    failed.withLock { $0 = error }
    failureWatchers.withLock { for watcher in $0 { watcher.signal() } }
  }
}
