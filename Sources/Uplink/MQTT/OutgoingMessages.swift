import Bytes
import Records

/// The messages of one shipment, made one at a time: their topics and payloads are written into buffers that are used again.
struct OutgoingMessages: ~Copyable {
  /// Topic and payload of the message that `next` has made.
  private(set) var topic = ByteWriter(capacity: 256)
  private(set) var payload = ByteWriter(capacity: 64 << 10)

  private let topicPrefix: String
  private var header = RecordBatchHeader()
  private var records = ByteWriter(capacity: 64 << 10)
  private var walk = Walk()

  /// How far the records have been walked.
  private struct Walk {
    var position = 0
    var remaining = 0
    var nextIndex = 0
    /// Nil: all.
    var wanted: Set<Int>?

    var isAtEnd: Bool { remaining == 0 || wanted?.isEmpty == true }
  }

  /// What goes with a message besides topic and payload.
  struct Description {
    /// The record's place in the shipment.
    let index: Int
    let offset: Offset
    let timestamp: Timestamp
    let isRetained: Bool
  }

  init(topicPrefix: String) {
    self.topicPrefix = topicPrefix
  }

  var isAtEnd: Bool { walk.isAtEnd }

  mutating func load(_ contents: borrowing ShipmentContents) {
    header = contents.header
    records.removeAll()
    records.append(contents.recordBytes)
    restart(only: nil)
  }

  /// Goes back to the first record; with `indexes`, only to those records.
  mutating func restart(only indexes: Set<Int>?) {
    walk = Walk(remaining: Int(header.recordCount), wanted: indexes)
  }

  /// Makes the next message; nil behind the last.
  mutating func next() -> Description? {
    topic.removeAll()
    topic.append(topicPrefix)
    payload.removeAll()
    return Self.advance(&walk, header, records, &topic, &payload)
  }

  private static func advance(
    _ walk: inout Walk, _ header: RecordBatchHeader, _ records: borrowing ByteWriter, _ topic: inout ByteWriter,
    _ payload: inout ByteWriter
  ) -> Description? {
    var iterator = RecordIterator(header, records: records.bytes, position: walk.position, remaining: walk.remaining)
    while !walk.isAtEnd, let record = iterator.next() {
      let index = walk.nextIndex
      walk.nextIndex += 1
      walk.position = iterator.position
      walk.remaining = iterator.remaining
      if walk.wanted != nil, walk.wanted!.remove(index) == nil { continue }
      topic.append(record.topic)
      payload.append(record.payload)
      return Description(
        index: index, offset: record.offset, timestamp: record.timestamp,
        isRetained: record.header(RecordHeaderKey.retain) != nil)
    }
    walk.remaining = 0
    return nil
  }
}
