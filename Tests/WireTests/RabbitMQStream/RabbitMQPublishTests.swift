import Bytes
import Records
import Support
import Testing
import Wire

/// What goes into a stream: frames of entries, AMQP 1.0 messages, and the partition of a key.
struct RabbitMQPublishTests {
  @Test func `a sub-batch has its golden bytes`() {
    var writer = ByteWriter()
    let data = [UInt8](repeating: 7, count: 58)
    RabbitMQPublish.appendSubBatch(
      publisher: 1, publishingID: 10, codec: .zstd, recordCount: 4, uncompressedBytes: 104, data: data.span.bytes,
      to: &writer)
    let bytes = writer.array
    #expect(
      bytes == hex("00000056 0002 0001 01 00000001 000000000000000a c0 0004 00000068 0000003a") + data)
    #expect(bytes.count == data.count + RabbitMQPublish.overheadBytes)
  }

  @Test func `entries of their own have their golden bytes`() {
    var writer = ByteWriter()
    let entries = hex("0000000000000001 00000002 6869 0000000000000002 00000001 79")
    RabbitMQPublish.appendEntries(publisher: 1, entryCount: 2, entries: entries.span.bytes, to: &writer)
    let bytes = writer.array
    #expect(bytes == hex("00000024 0002 0001 01 00000002") + entries)
  }

  private func message(_ record: OwnedRecord) -> [UInt8] {
    var writer = ByteWriter()
    AMQPMessage(gateway: "g", epoch: "e").append(record.view, to: &writer)
    return writer.array
  }

  private func string(_ text: String) -> [UInt8] { [0xA1, UInt8(text.utf8.count)] + Array(text.utf8) }

  @Test func `a record is an AMQP message with its identity`() {
    let bytes = message(
      OwnedRecord(offset: 258, timestamp: Timestamp(milliseconds: 772), topic: Array("a/b".utf8), payload: [1, 2]))
    let properties =
      string("forebay-topic") + string("a/b") + string("forebay-gateway") + string("g") + string("forebay-epoch")
      + string("e") + string("forebay-offset") + hex("81 0000000000000102") + string("forebay-time")
      + hex("83 0000000000000304")
    #expect(
      bytes == hex("005374 d1 000000") + [UInt8(properties.count + 4)] + hex("0000000a") + properties
        + hex("005375 a0 02 0102"))
  }

  @Test func `headers follow as text or as bytes, each key once`() throws {
    var headers = RecordHeaders()
    headers.add("source", "mqtt:c")
    let binary: [UInt8] = [0xFF, 0x00]
    headers.add("user.k", binary.span.bytes)
    headers.add("source", "again")
    headers.add("empty", "")
    let bytes = message(
      OwnedRecord(
        offset: 0, timestamp: Timestamp(milliseconds: 0), topic: Array("t".utf8), payload: [], headerCount: 4,
        headerBytes: headers.bytes))
    let tail =
      string("source") + string("mqtt:c") + string("user.k") + hex("a0 02 ff00") + string("empty") + string("")
      + hex("005375 a0 00")
    #expect(Array(bytes.suffix(tail.count)) == tail)
    // Eight pairs, keys and values counted.
    #expect(Array(bytes[8..<12]) == hex("00000010"))
  }

  @Test func `what is long has a long length`() {
    let payload = [UInt8](repeating: 9, count: 256)
    let bytes = message(
      OwnedRecord(
        offset: 0, timestamp: Timestamp(milliseconds: 0), topic: [UInt8](repeating: 0x61, count: 300),
        payload: payload))
    #expect(Array(bytes.suffix(264)) == hex("005375 b0 00000100") + payload)
    #expect(Array(bytes[27..<32]) == hex("b1 0000012c"))
  }

  @Test(
    arguments: [
      ("device-0001", UInt32(0x14c9_b629)), ("device-0002", 0xebce_0540), ("hello1", 0x10f9_983a), ("x", 0x24d6_089a),
    ])
  func `a key goes to the partition that RabbitMQ's Java client chooses`(key: String, hash: UInt32) {
    #expect(RabbitMQRouting.murmur3(key.utf8.span.bytes) == hash)
    #expect(RabbitMQRouting.partition(of: key.utf8.span.bytes, count: 7) == Int(hash % 7))
  }
}
