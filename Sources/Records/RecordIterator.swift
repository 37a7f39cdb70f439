import Bytes

/// Walks the records of one batch, uncompressed, in order.
package struct RecordIterator: ~Escapable {
  private var reader: ByteReader
  private let header: RecordBatchHeader
  private var remaining: Int

  /// Set when the records contradict their lengths or their header; iteration ends there.
  package private(set) var isMalformed = false

  /// - Parameter records: the bytes behind the header, decompressed.
  @_lifetime(copy records)
  package init(_ header: RecordBatchHeader, records: RawSpan) {
    self.header = header
    reader = ByteReader(records)
    remaining = Int(header.recordCount)
  }

  @_lifetime(copy self)
  package mutating func next() -> Record? {
    guard remaining > 0, !isMalformed else { return nil }
    remaining -= 1
    guard let length = reader.varInt(), let body = reader.bytes(Int(clamping: length)),
      let record = Self.parse(body, header)
    else {
      isMalformed = true
      return nil
    }
    return record
  }

  @_lifetime(copy body)
  private static func parse(_ body: RawSpan, _ header: RecordBatchHeader) -> Record? {
    var fields = ByteReader(body)
    guard fields.uint8() != nil, let timestampDelta = fields.varInt(), let offsetDelta = fields.varInt(),
      offsetDelta >= 0, offsetDelta <= header.lastOffsetDelta,
      let topicLength = fields.varInt(), let topic = fields.bytes(Int(clamping: max(topicLength, 0))),
      let payloadLength = fields.varInt(), let payload = fields.bytes(Int(clamping: max(payloadLength, 0))),
      let headerCount = fields.varInt(), headerCount >= 0
    else { return nil }
    let timestamp = Timestamp(milliseconds: header.baseTimestamp.milliseconds &+ timestampDelta)
    return Record(
      offset: header.baseOffset &+ offsetDelta, timestamp: timestamp, topic: topic, payload: payload,
      headerCount: Int(clamping: headerCount), headerBytes: fields.rest())
  }
}
