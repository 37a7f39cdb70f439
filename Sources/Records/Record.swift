import Bytes

/// One record, in place: its parts share the lifetime of the batch they were read from.
package struct Record: ~Escapable {
  package let offset: Offset
  package let timestamp: Timestamp
  /// The topic, UTF-8; empty where the batch has a null key.
  package let topic: RawSpan
  package let payload: RawSpan
  package let headerCount: Int
  /// The encoded headers, without their count: what `RecordBatchBuilder.append` takes.
  package let headerBytes: RawSpan

  @_lifetime(copy topic, copy payload, copy headerBytes)
  package init(
    offset: Offset, timestamp: Timestamp, topic: RawSpan, payload: RawSpan, headerCount: Int, headerBytes: RawSpan
  ) {
    self.offset = offset
    self.timestamp = timestamp
    self.topic = topic
    self.payload = payload
    self.headerCount = headerCount
    self.headerBytes = headerBytes
  }

  /// The text of the first header of that key.
  package func header(_ key: String) -> String? {
    var reader = ByteReader(headerBytes)
    for _ in 0..<headerCount {
      guard let keyLength = reader.varInt(), let found = reader.bytes(Int(clamping: keyLength)),
        let valueLength = reader.varInt()
      else { return nil }
      let isWanted = found.elementsEqual(key.utf8.span.bytes)
      // A negative length is Kafka's null.
      if valueLength < 0 {
        if isWanted { return nil }
        continue
      }
      guard let value = reader.bytes(Int(clamping: valueLength)) else { return nil }
      if isWanted { return value.text }
    }
    return nil
  }

  /// The record in memory of its own, where it must outlive its batch.
  package var copy: OwnedRecord {
    OwnedRecord(
      offset: offset, timestamp: timestamp, topic: topic.array, payload: payload.array, headerCount: headerCount,
      headerBytes: headerBytes.array)
  }
}

/// A record that owns its bytes.
package struct OwnedRecord: Hashable, Sendable {
  package var offset: Offset
  package var timestamp: Timestamp
  package var topic: [UInt8]
  package var payload: [UInt8]
  package var headerCount: Int
  package var headerBytes: [UInt8]

  package init(
    offset: Offset, timestamp: Timestamp, topic: [UInt8], payload: [UInt8], headerCount: Int = 0,
    headerBytes: [UInt8] = []
  ) {
    self.offset = offset
    self.timestamp = timestamp
    self.topic = topic
    self.payload = payload
    self.headerCount = headerCount
    self.headerBytes = headerBytes
  }

  /// The record in the form that borrows.
  package var view: Record {
    @_lifetime(borrow self)
    borrowing get {
      let record = Record(
        offset: offset, timestamp: timestamp, topic: topic.span.bytes, payload: payload.span.bytes,
        headerCount: headerCount, headerBytes: headerBytes.span.bytes)
      return unsafe _overrideLifetime(record, borrowing: self)
    }
  }
}
