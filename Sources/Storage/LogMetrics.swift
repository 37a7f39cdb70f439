/// What the commit has done since the log was opened.
package struct LogMetrics: Hashable, Sendable {
  package var commits = 0
  package var records = 0
  package var bytesWritten = 0
  package var segmentsMade = 0
  /// Records in segments that retention has removed.
  package var recordsRetired = 0
  /// Of those, records that some consumer had not got.
  package var recordsDropped = 0
  /// The disk is full: the commit waits, and nothing is acknowledged.
  package var waitsForRoom = false
  package var write = LatencyHistogram()
  package var sync = LatencyHistogram()

  package init() {}

  mutating func add(records: Int, bytes: Int, writeNanoseconds: Int64, syncNanoseconds: Int64) {
    commits += 1
    self.records += records
    bytesWritten += bytes
    write.add(nanoseconds: writeNanoseconds)
    sync.add(nanoseconds: syncNanoseconds)
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
