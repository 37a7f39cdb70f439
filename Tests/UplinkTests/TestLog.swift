import Platform
import Records
import Storage
import Support

/// A log on a disk in memory that commits when it is told to.
final class TestLog {
  let disk: FaultyDisk
  let time = ManualTime()
  private(set) var log: Log

  init(disk: FaultyDisk = FaultyDisk()) throws {
    self.disk = disk
    log = try Self.open(disk, time)
  }

  private static func open(_ disk: FaultyDisk, _ time: ManualTime) throws -> Log {
    var configuration = LogConfiguration(directory: "/data")
    configuration.segmentBytes = 1 << 16
    return try Log.open(configuration, disk: disk, time: time, startsThreads: false)
  }

  /// Appends records whose payloads are their numbers unless `payload` makes others, durably.
  func append(
    _ numbers: Range<Int>, payload: (Int) -> [UInt8] = { Array("\($0)".utf8) }, topic: (Int) -> String
  ) throws {
    var appender = log.makeAppender()
    for number in numbers {
      appender.append(
        topic: topic(number).utf8.span.bytes, payload: payload(number).span.bytes,
        at: Timestamp(milliseconds: time.wallMilliseconds()))
    }
    appender.flush()
    guard log.commitStep() else { throw TestFailure("the commit failed") }
  }

  /// Cuts the power and opens the log again.
  func crash(seed: UInt64) throws {
    disk.powerCycle(seed: seed)
    log = try Self.open(disk, time)
  }
}
