package import Bytes

/// Frames of entries for one publisher.
package enum RabbitMQPublish {
  /// How the records of a sub-batch are packed.
  package enum Codec: UInt8, Hashable, Sendable {
    case none = 0
    case zstd = 4
  }

  /// Records of one sub-batch at the most.
  package static let maximumRecords = 65_535
  /// Of a frame with one entry, besides the entry's data.
  package static let overheadBytes = RabbitMQFrame.headBytes + 1 + 4 + 8 + 1 + 2 + 4 + 4

  /// Appends a frame with one sub-batch.
  /// - Parameters:
  ///   - publishingID: of all its records; greater than any before.
  ///   - recordCount: 1 to `maximumRecords`.
  ///   - uncompressedBytes: of the records, each a uint32 length and a message.
  ///   - data: the same, packed with `codec`.
  package static func appendSubBatch(
    publisher: UInt8, publishingID: UInt64, codec: Codec, recordCount: Int, uncompressedBytes: Int, data: RawSpan,
    to output: inout ByteWriter
  ) {
    precondition((1...maximumRecords).contains(recordCount))
    let start = output.count
    output.appendFrame(.publish)
    output.append(publisher)
    output.append(Int32(1))
    output.append(publishingID)
    output.append(0x80 | codec.rawValue << 4)
    output.append(UInt16(recordCount))
    output.append(UInt32(uncompressedBytes))
    output.append(UInt32(data.byteCount))
    output.append(data)
    output.patch(UInt32(output.count - start - 4), at: start)
  }

  /// Appends a frame with entries of their own: what `entries` holds, each a uint64 publishing id, a uint32 length and a
  /// message.
  package static func appendEntries(
    publisher: UInt8, entryCount: Int, entries: RawSpan, to output: inout ByteWriter
  ) {
    let start = output.count
    output.appendFrame(.publish)
    output.append(publisher)
    output.append(Int32(entryCount))
    output.append(entries)
    output.patch(UInt32(output.count - start - 4), at: start)
  }
}

/// What became of entries.
package struct RabbitMQOutcome: Hashable, Sendable {
  package struct Refusal: Hashable, Sendable {
    package var id: UInt64
    package var code: RabbitMQResponseCode

    package init(id: UInt64, code: RabbitMQResponseCode) {
      self.id = id
      self.code = code
    }
  }

  package var publisher: UInt8
  /// On a majority of the stream's nodes.
  package var confirmed: [UInt64] = []
  package var refused: [Refusal] = []

  package init(publisher: UInt8) {
    self.publisher = publisher
  }

  /// - Parameter body: of PublishConfirm, behind the head.
  static func confirms(_ body: RawSpan) throws(RabbitMQMalformed) -> RabbitMQOutcome {
    var reader = RabbitMQReader(body, "PublishConfirm")
    var outcome = RabbitMQOutcome(publisher: try reader.uint8())
    let count = try reader.count(of: 8)
    outcome.confirmed.reserveCapacity(count)
    for _ in 0..<count { outcome.confirmed.append(try reader.uint64()) }
    return outcome
  }

  /// - Parameter body: of PublishError, behind the head.
  static func errors(_ body: RawSpan) throws(RabbitMQMalformed) -> RabbitMQOutcome {
    var reader = RabbitMQReader(body, "PublishError")
    var outcome = RabbitMQOutcome(publisher: try reader.uint8())
    for _ in 0..<(try reader.count(of: 10)) {
      let id = try reader.uint64()
      outcome.refused.append(Refusal(id: id, code: try reader.code()))
    }
    return outcome
  }
}
