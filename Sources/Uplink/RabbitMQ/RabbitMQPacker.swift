package import Bytes
package import Platform
import Records
import Wire

/// Makes a shipment's records into frames for a stream. Kept and used again. One owner, one thread.
///
/// The publishing id of an entry is the offset of its last record, plus one: the stream takes an entry only if its id is
/// greater than any before.
package struct RabbitMQPacker: ~Copyable {
  /// What became of a shipment's records.
  package struct Packed {
    /// Ids that the stream has to confirm.
    package var ids: Set<UInt64> = []
    /// Too large for the node.
    package var refused: [RefusedRecord] = []
  }

  private let message: AMQPMessage
  private let compression: RabbitMQTargetConfiguration.Compression
  private var batch = Batch()
  private var compressor: ZstdCompressor

  /// A target has a publisher for each lane: the ids of each rise.
  static func publisher(of lane: Lane) -> UInt8 { lane.rawValue }

  /// The records of the frame that is being made.
  private struct Batch: ~Copyable {
    /// Each a uint32 length and a message; where each is an entry of its own, with a uint64 id before.
    var bytes = ByteWriter(capacity: 256 << 10)
    var frame = ByteWriter(capacity: 64 << 10)
    var count = 0
    /// Of the last record, and its place in the shipment.
    var id: UInt64 = 0
    var place = 0
    var lane = Lane.live
    var packed = Packed()
  }

  package init(
    _ identity: RecordIdentity, _ compression: RabbitMQTargetConfiguration.Compression,
    _ effort: ZstdCompressor.Effort = .quick
  ) {
    compressor = ZstdCompressor(effort)
    message = AMQPMessage(gateway: identity.gateway, epoch: "\(identity.epoch)")
    self.compression = compression
  }

  static func id(_ offset: Offset) -> UInt64 { UInt64(offset) + 1 }

  /// Appends frames with the records of `contents` to `output`.
  /// - Parameters:
  ///   - lastID: what the stream has had already. No entry reaches over it, whatever it was cut like before.
  ///   - maximumFrameBytes: the longest frame that the node takes.
  package mutating func pack(
    _ contents: borrowing ShipmentContents, after lastID: UInt64, maximumFrameBytes: Int, to output: inout ByteWriter
  ) -> Packed {
    batch.packed = Packed()
    batch.lane = contents.lane
    // Those of another lane are others.
    batch.id = 0
    Self.pack(contents, after: lastID, maximumFrameBytes, message, compression, &batch, &compressor, &output)
    return batch.packed
  }

  private static func pack(
    _ contents: borrowing ShipmentContents, after lastID: UInt64, _ maximumFrameBytes: Int, _ message: AMQPMessage,
    _ compression: RabbitMQTargetConfiguration.Compression, _ batch: inout Batch,
    _ compressor: inout ZstdCompressor, _ output: inout ByteWriter
  ) {
    // What zstd cannot compress it makes longer, by less than this.
    let limit = (maximumFrameBytes - RabbitMQPublish.overheadBytes - 512) / 256 * 255
    var iterator = RecordIterator(contents.header, records: contents.recordBytes)
    var place = 0
    while let record = iterator.next() {
      defer { place += 1 }
      let id = id(record.offset)
      if batch.id <= lastID, id > lastID { close(&batch, maximumFrameBytes, compression, &compressor, &output) }
      let start = batch.bytes.count
      append(record, id, message, compression, batch.lane, to: &batch.bytes)
      if batch.count > 0, batch.bytes.count > limit || batch.count == RabbitMQPublish.maximumRecords {
        // It goes with the next ones.
        var last = ByteWriter(capacity: batch.bytes.count - start)
        last.append(batch.bytes.bytes.extracting(start...))
        batch.bytes.truncate(to: start)
        close(&batch, maximumFrameBytes, compression, &compressor, &output)
        batch.bytes.append(last.bytes)
      }
      batch.count += 1
      batch.id = id
      batch.place = place
      if compression == .none { batch.packed.ids.insert(id) }
    }
    close(&batch, maximumFrameBytes, compression, &compressor, &output)
  }

  private static func append(
    _ record: borrowing Record, _ id: UInt64, _ message: AMQPMessage,
    _ compression: RabbitMQTargetConfiguration.Compression, _ lane: Lane, to bytes: inout ByteWriter
  ) {
    if compression == .none { bytes.append(id) }
    let start = bytes.count
    bytes.append(UInt32(0))
    message.append(record, isLeftBehind: lane == .backlog, to: &bytes)
    bytes.patch(UInt32(bytes.count - start - 4), at: start)
  }

  private static func compress(
    _ bytes: borrowing ByteWriter, _ compressor: inout ZstdCompressor, into frame: inout ByteWriter
  ) {
    compressor.compress(bytes.bytes, into: &frame)
  }

  /// Makes a frame of the records so far.
  private static func close(
    _ batch: inout Batch, _ maximumFrameBytes: Int, _ compression: RabbitMQTargetConfiguration.Compression,
    _ compressor: inout ZstdCompressor, _ output: inout ByteWriter
  ) {
    guard batch.count > 0 else { return }
    defer {
      batch.bytes.removeAll()
      batch.count = 0
    }
    if compression == .zstd {
      batch.frame.removeAll()
      compress(batch.bytes, &compressor, into: &batch.frame)
    }
    let data = compression == .zstd ? batch.frame.count : batch.bytes.count
    guard data + RabbitMQPublish.overheadBytes <= maximumFrameBytes else {
      // It is alone: several fit always.
      batch.packed.ids.remove(batch.id)
      let reason =
        "it takes \(data) bytes, and the node no frames of more than \(maximumFrameBytes); raise stream.frame_max"
      batch.packed.refused.append(RefusedRecord(index: batch.place, reason: reason))
      return
    }
    batch.packed.ids.insert(batch.id)
    switch compression {
    case .zstd:
      RabbitMQPublish.appendSubBatch(
        publisher: publisher(of: batch.lane), publishingID: batch.id, codec: .zstd, recordCount: batch.count,
        uncompressedBytes: batch.bytes.count, data: batch.frame.bytes, to: &output)
    case .none:
      RabbitMQPublish.appendEntries(
        publisher: publisher(of: batch.lane), entryCount: batch.count, entries: batch.bytes.bytes, to: &output)
    }
  }
}
