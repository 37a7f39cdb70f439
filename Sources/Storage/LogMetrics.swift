package import Records

/// What the commit has done since the log was opened, and how the log stands.
package struct LogMetrics: Hashable, Sendable {
  package var commits = 0
  package var records = 0
  package var bytesWritten = 0
  package var segmentsMade = 0
  /// What has been removed, by the limit it went for.
  package var retired: [RetentionReason: Removed] = [:]
  /// Of that, what some consumer had not got: its records, and the bytes of the segments they were in.
  package var dropped: [RetentionReason: Removed] = [:]
  /// Why nothing is acknowledged for now; nil: it is.
  package var refusal: LogRefusal?
  /// When the oldest and the newest record came, by the clock of then; nil where that is not known or there is none.
  package var oldestRecord: Timestamp?
  package var newestRecord: Timestamp?
  /// Everything the log has ever written, in blocks (`CountingDisk`), and the milliseconds it has been open for that.
  package var bytesWrittenTotal = 0
  package var runningMilliseconds: Int64 = 0
  /// Of the log's file system; nil where it does not say.
  package var freeBytes: Int?
  package var write = LatencyHistogram()
  package var sync = LatencyHistogram()
  /// Both: from taking what waits until it is on disk.
  package var commit = LatencyHistogram()

  package struct Removed: Hashable, Sendable {
    package var records = 0
    package var bytes = 0

    mutating func add(records: Int, bytes: Int) {
      self.records += records
      self.bytes += bytes
    }
  }

  package init() {}

  package var recordsRetired: Int { retired.values.reduce(0) { $0 + $1.records } }
  package var recordsDropped: Int { dropped.values.reduce(0) { $0 + $1.records } }
  package var waitsForRoom: Bool { refusal != nil }

  /// What a day of running wears the disk with, over the log's whole life; nil in its first hour.
  package var bytesWrittenPerDay: Int? {
    guard runningMilliseconds >= 3_600_000 else { return nil }
    return Int(Double(bytesWrittenTotal) * 86_400_000 / Double(runningMilliseconds))
  }

  mutating func add(records: Int, bytes: Int, writeNanoseconds: Int64, syncNanoseconds: Int64) {
    commits += 1
    self.records += records
    bytesWritten += bytes
    write.add(nanoseconds: writeNanoseconds)
    sync.add(nanoseconds: syncNanoseconds)
    commit.add(nanoseconds: writeNanoseconds + syncNanoseconds)
  }
}

/// Latencies by powers of two, each halved once: percentiles to within a quarter. No allocation.
package struct LatencyHistogram: Hashable, Sendable {
  private static let buckets = 80
  /// Never resized.
  private var counts = [Int](repeating: 0, count: buckets)
  package private(set) var count = 0
  package private(set) var maximumNanoseconds: Int64 = 0

  package init() {}

  package mutating func add(nanoseconds: Int64) {
    let value = UInt64(max(nanoseconds, 1))
    let exponent = 63 - value.leadingZeroBitCount
    let half = exponent > 0 ? Int(value >> UInt64(exponent - 1)) & 1 : 0
    counts[min(exponent * 2 + half, Self.buckets - 1)] += 1
    count += 1
    maximumNanoseconds = max(maximumNanoseconds, nanoseconds)
  }

  /// Adds everything the other has.
  package mutating func add(_ other: LatencyHistogram) {
    for index in 0..<Self.buckets { counts[index] += other.counts[index] }
    count += other.count
    maximumNanoseconds = max(maximumNanoseconds, other.maximumNanoseconds)
  }

  /// The latency that `fraction` of all were at or below; 0 where there was none.
  package func percentile(_ fraction: Double) -> Int64 {
    guard count > 0 else { return 0 }
    let rank = Int((Double(count) * fraction).rounded(.up))
    var seen = 0
    for index in 0..<Self.buckets {
      seen += counts[index]
      guard seen >= rank else { continue }
      let lower = Int64(1) << Int64(index / 2)
      let upper = index % 2 == 0 ? lower + lower / 2 : lower * 2
      return min(upper, maximumNanoseconds)
    }
    return maximumNanoseconds
  }
}
