import Bytes

/// Builds one record batch v2 in memory of its own: append records, `finish()`, hand the bytes on, `reset()`.
///
/// A record is `varint length · int8 attributes · varint timestampDelta · varint offsetDelta · varint keyLength · topic ·
/// varint valueLength · payload · varint headerCount · headers`; it is written once, straight from where it was received.
/// Nothing is allocated per record once the memory has its working size. One owner, one thread at a time.
package struct RecordBatchBuilder: ~Copyable, Sendable {
  var writer: ByteWriter
  var header = RecordBatchHeader()

  package init(capacity: Int = 64 << 10) {
    writer = ByteWriter(capacity: capacity)
    header.appendFields(to: &writer)
  }

  package var recordCount: Int { Int(header.recordCount) }
  package var isEmpty: Bool { header.recordCount == 0 }

  /// Of the batch as it stands, with its header.
  package var byteCount: Int { writer.count }

  /// The batch. Whole only after `finish()`.
  package var bytes: RawSpan {
    @_lifetime(borrow self)
    get { writer.bytes }
  }

  /// Lends the batch to `body`: for holders that cannot lend a property's bytes.
  package borrowing func withBytes<Failure: Error>(_ body: (RawSpan) throws(Failure) -> Void) throws(Failure) {
    try body(writer.bytes)
  }

  /// The records alone, as a codec would compress them.
  package var recordBytes: RawSpan {
    @_lifetime(borrow self)
    get {
      let all = writer.bytes
      return all.extracting(RecordBatchHeader.byteCount..<all.byteCount)
    }
  }

  /// Appends a record behind the last one, at `offsetDelta` from the batch's base offset (nil: the next).
  package mutating func append(
    topic: RawSpan, payload: RawSpan, at timestamp: Timestamp, headerCount: Int, headerBytes: RawSpan,
    offsetDelta: Int? = nil
  ) {
    let delta = Int64(offsetDelta ?? (header.recordCount == 0 ? 0 : Int(header.lastOffsetDelta) + 1))
    precondition(header.recordCount == 0 ? delta >= 0 : delta > header.lastOffsetDelta)
    if header.recordCount == 0 {
      header.baseTimestamp = timestamp
      header.maxTimestamp = timestamp
    } else if timestamp > header.maxTimestamp {
      header.maxTimestamp = timestamp
    }
    let timestampDelta = timestamp.milliseconds &- header.baseTimestamp.milliseconds
    let length =
      1 + VarInt.byteCount(ofZigZag: timestampDelta) + VarInt.byteCount(ofZigZag: delta)
      + VarInt.byteCount(ofZigZag: Int64(topic.byteCount)) + topic.byteCount
      + VarInt.byteCount(ofZigZag: Int64(payload.byteCount)) + payload.byteCount
      + VarInt.byteCount(ofZigZag: Int64(headerCount)) + headerBytes.byteCount
    writer.reserve(length + 8 * VarInt.maximumBytes)
    writer.append(varInt: Int64(length))
    writer.append(UInt8(0))
    writer.append(varInt: timestampDelta)
    writer.append(varInt: delta)
    writer.append(varInt: Int64(topic.byteCount))
    writer.append(topic)
    writer.append(varInt: Int64(payload.byteCount))
    writer.append(payload)
    writer.append(varInt: Int64(headerCount))
    writer.append(headerBytes)
    header.lastOffsetDelta = Int32(delta)
    header.recordCount += 1
  }

  package mutating func append(
    topic: RawSpan, payload: RawSpan, at timestamp: Timestamp, headers: RecordHeaders = .none, offsetDelta: Int? = nil
  ) {
    append(
      topic: topic, payload: payload, at: timestamp, headerCount: headers.count, headerBytes: headers.bytes.span.bytes,
      offsetDelta: offsetDelta)
  }

  /// Appends `record` as it is, at `offsetDelta`.
  package mutating func append(_ record: borrowing Record, offsetDelta: Int? = nil) {
    append(
      topic: record.topic, payload: record.payload, at: record.timestamp, headerCount: record.headerCount,
      headerBytes: record.headerBytes, offsetDelta: offsetDelta)
  }

  /// The header of the batch as it stands; offset and producer fields are the caller's to set.
  package var currentHeader: RecordBatchHeader {
    var current = header
    current.batchBytes = writer.count
    return current
  }

  /// Writes the header with `baseOffset` and the checksum; `bytes` is then a whole batch. More records may follow.
  package mutating func finish(baseOffset: Offset, producerID: Int64 = -1) {
    writer.patch(baseOffset, at: 0)
    writer.patch(header.lastOffsetDelta, at: 23)
    writer.patch(header.baseTimestamp.milliseconds, at: 27)
    writer.patch(header.maxTimestamp.milliseconds, at: 35)
    writer.patch(producerID, at: 43)
    writer.patch(header.recordCount, at: 57)
    RecordBatchHeader.seal(&writer, from: 0)
  }

  /// Empties the batch and keeps its memory.
  package mutating func reset() {
    writer.truncate(to: RecordBatchHeader.byteCount)
    header = RecordBatchHeader()
  }
}
