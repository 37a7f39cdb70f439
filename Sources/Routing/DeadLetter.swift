import Bytes
package import Records

/// A record that a handler did not take, as it is written back to the log under `$forebay/dead-letter/ROUTE`: its own
/// payload; in front of its own headers why, after how many attempts, and which record it was.
package struct DeadLetter: Hashable, Sendable {
  package let topic: [UInt8]
  package let payload: [UInt8]
  package let headerCount: Int
  package let headerBytes: [UInt8]

  /// A handler's reason may be as long as it likes; the dead letter keeps this much.
  package static let maximumReasonBytes = 1000

  package init(of record: borrowing Record, route: String, reason: String, attempts: Int) {
    var headers = RecordHeaders()
    headers.add(RecordHeaderKey.reason, String(decoding: reason.utf8.prefix(Self.maximumReasonBytes), as: UTF8.self))
    headers.add(RecordHeaderKey.attempts, String(attempts))
    headers.add(RecordHeaderKey.originalOffset, String(record.offset))
    headers.add(RecordHeaderKey.originalTopic, record.topic)
    topic = Array(Self.topic(ofRoute: route).utf8)
    payload = record.payload.array
    headerCount = headers.count + record.headerCount
    headerBytes = headers.bytes + record.headerBytes.array
  }

  package static func topic(ofRoute route: String) -> String {
    Topic.deadLetterPrefix + route
  }
}
