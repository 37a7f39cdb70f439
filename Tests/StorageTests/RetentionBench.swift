import Bytes
import Platform
import Records
import Storage
import Support

/// A log of small segments on a disk in memory, with clocks and a size that the test sets.
final class RetentionBench {
  let disk = FaultyDisk()
  let time = ManualTime()
  var configuration = LogConfiguration(directory: "/data")
  private(set) var log: Log
  private(set) var appender: Appender
  private var count = 0

  /// Of a record that `fill` appends, with its batch.
  static let recordBytes = 1000
  static let minute = 60_000
  static let hour = 60 * minute
  static let day = 24 * hour

  init(_ change: (inout LogConfiguration) -> Void = { _ in }) throws {
    configuration.segmentBytes = 16 << 10
    configuration.maxBytes = 1 << 30
    change(&configuration)
    log = try Log.open(configuration, disk: disk, time: time, startsThreads: false)
    appender = log.makeAppender()
  }

  /// Closes the log, or cuts the power, and opens it again.
  func reopen(afterPowerCut seed: UInt64? = nil) throws {
    if let seed { disk.powerCycle(seed: seed) } else { log.close() }
    log = try Log.open(configuration, disk: disk, time: time, startsThreads: false)
    appender = log.makeAppender()
  }

  /// Appends records of a thousand bytes, a batch and a commit each.
  /// - Returns: how many of all that were appended are durable.
  @discardableResult
  func fill(_ records: Int) -> UInt64 {
    for _ in 0..<records {
      append(to: &appender)
      _ = log.commitStep()
    }
    return appender.durableTickets
  }

  func append(to appender: inout Appender) {
    let text = "\(count)"
    count += 1
    // What a batch of one record takes besides: 61 bytes of header, and the record's own fields.
    let payload = text + String(repeating: "x", count: Self.recordBytes - 74 - text.utf8.count)
    appender.append(
      topic: "t".utf8.span.bytes, payload: payload.utf8.span.bytes,
      at: Timestamp(milliseconds: time.wallMilliseconds()))
    appender.flush()
  }

  /// Lets time pass, with a step every minute.
  func pass(milliseconds: Int) {
    for _ in 0..<(milliseconds / Self.minute) {
      time.advance(milliseconds: Self.minute)
      _ = log.commitStep()
    }
  }

  /// The numbers of the records that can be read, gap records left out.
  func numbers() throws -> [Int] {
    try texts().filter { !$0.hasPrefix("{") }.map { Int($0.prefix { $0 != "x" })! }
  }

  /// The payloads of the gap records.
  func gaps() throws -> [String] {
    try texts().filter { $0.hasPrefix("{") }
  }

  private func texts() throws -> [String] {
    var reader = log.makeReader(at: 0)
    var texts: [String] = []
    while let record = try reader.next() { texts.append(record.payload.text) }
    return texts
  }
}
