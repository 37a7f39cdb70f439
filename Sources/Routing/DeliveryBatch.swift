import Bytes
package import Records

/// The records of one delivery, in log order, in memory of their own that is used again for the next.
/// One owner, one thread.
package struct DeliveryBatch: ~Copyable {
  private var memory = ByteWriter(capacity: 64 << 10)
  private var entries: [Entry] = []

  private struct Entry {
    var offset: Offset
    var timestamp: Timestamp
    var start: Int
    var topicEnd: Int
    var payloadEnd: Int
    var end: Int
    var headerCount: Int
  }

  package init() {}

  package var count: Int { entries.count }
  package var isEmpty: Bool { entries.isEmpty }

  /// Of topics, payloads and headers.
  package var byteCount: Int { memory.count }

  package mutating func removeAll() {
    memory.removeAll()
    entries.removeAll(keepingCapacity: true)
  }

  package mutating func append(_ record: borrowing Record) {
    let start = memory.count
    memory.append(record.topic)
    let topicEnd = memory.count
    memory.append(record.payload)
    let payloadEnd = memory.count
    memory.append(record.headerBytes)
    entries.append(
      Entry(
        offset: record.offset, timestamp: record.timestamp, start: start, topicEnd: topicEnd, payloadEnd: payloadEnd,
        end: memory.count, headerCount: record.headerCount))
  }

  package func offset(at index: Int) -> Offset { entries[index].offset }

  /// The record at `index`, from 0.
  @_lifetime(borrow self)
  package func record(at index: Int) -> Record {
    let entry = entries[index]
    let bytes = memory.bytes
    return Record(
      offset: entry.offset, timestamp: entry.timestamp, topic: bytes.extracting(entry.start..<entry.topicEnd),
      payload: bytes.extracting(entry.topicEnd..<entry.payloadEnd), headerCount: entry.headerCount,
      headerBytes: bytes.extracting(entry.payloadEnd..<entry.end))
  }
}
