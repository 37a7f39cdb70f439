import Records
import Storage

// The log and its disk.
extension StatusReport {
  var log: JSONValue {
    let log = stages.log
    let metrics = log.metrics
    let (start, end) = (log.startOffset, log.durableEnd)
    return [
      "startOffset": .count(start),
      "endOffset": .count(end),
      "records": .count(end - start),
      "oldestRecord": .optional(metrics.oldestRecord?.rfc3339),
      "newestRecord": .optional(metrics.newestRecord?.rfc3339),
      "waitingRecords": .count(log.waitingRecords),
    ] + Self.sizes(log.segments) + [
      "maxBytes": .count(stages.configuration.log.maxBytes),
      "freeBytes": .optional(metrics.freeBytes),
      "commits": .count(metrics.commits),
      "recordsCommitted": .count(metrics.records),
      "bytesWritten": .count(metrics.bytesWritten),
      "bytesWrittenTotal": .count(metrics.bytesWrittenTotal),
      "bytesWrittenPerDay": .optional(metrics.bytesWrittenPerDay),
      "commitMicroseconds": Self.latencies(metrics.commit),
      "syncMicroseconds": Self.latencies(metrics.sync),
      "writeMicroseconds": Self.latencies(metrics.write),
      "recordsRetired": .count(metrics.recordsRetired),
      "recordsDropped": .count(metrics.recordsDropped),
      "retired": Self.removed(metrics.retired),
      "dropped": Self.removed(metrics.dropped),
      "damagedSegments": .count(log.sealingMetrics.damagedSegments),
      "lostRecords": .count(log.sealingMetrics.lostRecords),
      "refusal": .optional(metrics.refusal?.description),
      "failure": .optional(log.failure?.description),
    ]
  }

  /// How much there is, and what sealing has made of it.
  static func sizes(_ segments: [SegmentList.Segment]) -> JSONValue {
    let sealed = segments.filter(\.isSealed)
    return [
      "bytes": .count(segments.reduce(0) { $0 + $1.bytes }),
      "segments": .count(segments.count),
      "sealedSegments": .count(sealed.count),
      "sealedBytes": .count(sealed.reduce(0) { $0 + $1.bytes }),
      "sealedBytesBefore": .count(sealed.reduce(0) { $0 + ($1.summary?.unsealedBytes ?? $1.bytes) }),
    ]
  }

  /// By the limit it went for.
  private static func removed(_ removed: [RetentionReason: LogMetrics.Removed]) -> JSONValue {
    .object(
      RetentionReason.allCases.compactMap { reason in
        removed[reason].map {
          .init(key: reason.rawValue, value: ["records": .count($0.records), "bytes": .count($0.bytes)])
        }
      })
  }

  /// In microseconds.
  static func latencies(_ histogram: LatencyHistogram) -> JSONValue {
    [
      "p50": .count(histogram.percentile(0.5) / 1000), "p99": .count(histogram.percentile(0.99) / 1000),
      "max": .count(histogram.maximumNanoseconds / 1000),
    ]
  }
}
