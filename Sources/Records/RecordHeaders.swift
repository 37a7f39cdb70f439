package import Bytes

/// The headers of a record, in their encoded form: what there is to say besides topic and payload.
///
/// Built once and appended to many records (a connection's source, say). No headers cost one byte a record.
package struct RecordHeaders: Hashable, Sendable {
  package private(set) var count = 0
  /// `count` times: varint key length, key, varint value length, value (Kafka record format, without the count).
  package private(set) var bytes: [UInt8] = []

  package static let none = RecordHeaders()

  package init() {}

  package mutating func add(_ key: String, _ value: RawSpan) {
    var writer = ByteWriter(capacity: key.utf8.count + value.byteCount + 8)
    writer.append(varInt: Int64(key.utf8.count))
    writer.append(key)
    writer.append(varInt: Int64(value.byteCount))
    writer.append(value)
    bytes += writer.array
    count += 1
  }

  package mutating func add(_ key: String, _ value: String) {
    add(key, value.utf8.span.bytes)
  }

  /// Adds the headers of `other` behind these.
  package mutating func append(_ other: RecordHeaders) {
    bytes += other.bytes
    count += other.count
  }

  /// Headers that are encoded already.
  package init(count: Int, bytes: [UInt8]) {
    self.count = count
    self.bytes = bytes
  }
}

/// The header keys Forebay writes.
package enum RecordHeaderKey {
  /// How the record came: `mqtt:CLIENT-ID`, `udp:ADDRESS`, `broker:SUBSCRIPTION`; absent on Forebay's own records.
  package static let source = "source"
  /// `1` where the publisher set MQTT's retain flag.
  package static let retain = "retain"
  /// The QoS it was published with, where that is not 1: `0` or `2`.
  package static let qos = "qos"
  /// The packet id of a QoS 2 message of a session that outlives its connection.
  package static let packetID = "packet-id"
  /// MQTT 5 properties. `payload-format` is `1` (text), `message-expiry` in seconds from the record's time.
  package static let payloadFormat = "payload-format"
  package static let messageExpiry = "message-expiry"
  package static let contentType = "content-type"
  package static let responseTopic = "response-topic"
  package static let correlationData = "correlation-data"
  /// In front of the name of a user property.
  package static let userPrefix = "user."
  /// On dead letters: why, after how many attempts, and which record it was.
  package static let reason = "reason"
  package static let attempts = "attempts"
  package static let originalOffset = "offset"
  package static let originalTopic = "topic"
}

extension ByteWriter {
  /// Appends one encoded header: where headers are made a message.
  package mutating func append(header key: String, _ value: RawSpan) {
    append(varInt: Int64(key.utf8.count))
    append(key)
    append(varInt: Int64(value.byteCount))
    append(value)
  }

  package mutating func append(header key: String, _ value: String) {
    append(header: key, value.utf8.span.bytes)
  }
}

extension ByteReader {
  /// Passes one encoded header.
  /// - Returns: false where there is no whole one; some of it may have been passed.
  package mutating func skipHeader() -> Bool {
    guard let keyLength = varInt(), skip(Int(clamping: keyLength)), let valueLength = varInt() else { return false }
    // A negative length is Kafka's null.
    return valueLength < 0 || skip(Int(clamping: valueLength))
  }
}
