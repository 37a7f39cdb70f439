import Bytes

/// Walks the records of one batch, uncompressed, in order.
package struct RecordIterator: ~Escapable {
  private var reader: ByteReader
  private let header: RecordBatchHeader
  private let start: Int

  /// Records that have not been returned yet.
  package private(set) var remaining: Int

  /// Set when the records contradict their lengths or their header; iteration ends there.
  package private(set) var isMalformed = false

  /// - Parameters:
  ///   - records: the bytes behind the header, decompressed.
  ///   - position, remaining: where an earlier walk over the same records stopped, to go on from there.
  @_lifetime(copy records)
  package init(_ header: RecordBatchHeader, records: RawSpan, position: Int = 0, remaining: Int? = nil) {
    self.header = header
    start = position
    reader = ByteReader(records.extracting(position..<records.byteCount))
    self.remaining = remaining ?? Int(header.recordCount)
  }

  /// How many bytes of the records have been walked.
  package var position: Int { start + reader.position }

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
    var headers = (count: Int(clamping: headerCount), bytes: fields.rest())
    if header.isIdentified {
      guard let length = lengthWithoutIdentity(headers.bytes, count: headers.count) else { return nil }
      headers = (headers.count - OffsetHeaders.identityCount, headers.bytes.extracting(0..<length))
    }
    let timestamp = Timestamp(milliseconds: header.baseTimestamp.milliseconds &+ timestampDelta)
    return Record(
      offset: header.baseOffset &+ offsetDelta, timestamp: timestamp, topic: topic, payload: payload,
      headerCount: headers.count, headerBytes: headers.bytes)
  }

  /// How many bytes a record's own headers are, in front of its identity; nil: it has none.
  private static func lengthWithoutIdentity(_ headers: RawSpan, count: Int) -> Int? {
    guard count >= OffsetHeaders.identityCount else { return nil }
    var reader = ByteReader(headers)
    for _ in 0..<(count - OffsetHeaders.identityCount) {
      guard reader.skipHeader() else { return nil }
    }
    return reader.position
  }
}
