import Platform
package import Records
package import Storage

/// What a log's files say while no daemon keeps it, with the keys of the daemon's own report as far as they apply.
package enum StoredReport {
  /// Reads the newest segment.
  package static func json(of log: StoredLog, data: String, now: Timestamp) throws(StorageError) -> JSONValue {
    var segments = log.segments
    var end = log.startOffset
    if let newest = segments.popLast() {
      // Its file is longer than what is in it: room is reserved ahead of the writes.
      var bytes = 0
      end = try log.judge(newest) { header, _ in bytes += header.batchBytes }.endOffset(base: newest.base)
      segments.append(SegmentList.Segment(base: newest.base, bytes: bytes))
    }
    let positions = try log.consumerPositions()
    return [
      "running": false,
      "time": .string(now.rfc3339),
      "data": .string(data),
      "epoch": .string(log.epoch.description),
      "log": [
        "startOffset": .count(log.startOffset),
        "endOffset": .count(end),
        "records": .count(end - log.startOffset),
        "oldestRecord": .optional(try time(at: log.startOffset, in: log)?.rfc3339),
      ] + StatusReport.sizes(segments),
      "routes": consumers("route/", positions, log, end: end),
      "uplinks": consumers("uplink/", positions, log, end: end),
    ]
  }

  private static func consumers(
    _ kind: String, _ positions: [(name: String, position: Offset)], _ log: StoredLog, end: Offset
  ) -> JSONValue {
    .array(
      positions.filter { $0.name.hasPrefix(kind) }.map { consumer in
        let time = consumer.position < end ? try? time(at: consumer.position, in: log) : nil
        return [
          "name": .string(String(consumer.name.dropFirst(kind.utf8.count))),
          "position": .count(consumer.position),
          "lag": .count(max(0, end - max(consumer.position, log.startOffset))),
          "oldestRecord": .optional(time?.rfc3339),
        ]
      })
  }

  private static func time(at offset: Offset, in log: StoredLog) throws(StorageError) -> Timestamp? {
    var reader = log.makeReader(at: offset)
    return try reader.next()?.timestamp
  }
}
