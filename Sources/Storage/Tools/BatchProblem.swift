import Bytes
package import Platform
package import Records

/// Why the bytes at some place of a segment are no batch that can be read.
package enum BatchProblem: Error, Hashable, Sendable, CustomStringConvertible {
  /// Zeros, with batches behind them.
  case zeros
  /// No header of a record batch v2.
  case noHeader
  /// The file ends before the batch does.
  case cutShort(bytes: Int, of: Int)
  case wrongChecksum
  /// The batch is whole, but its base offset is not the one that comes next.
  case wrongOffset(Offset, expected: Offset)
  /// The batch has offsets that the next segment has, too.
  case beyond(Offset)
  /// The checksum is right; the records behind it are compressed with something else than zstd.
  case unknownCodec(Int)
  /// The checksum is right, and zstd cannot unpack the records.
  case cannotUnpack(ZstdError)
  /// The checksum is right, and record `index`, counted from 0, contradicts its batch.
  case badRecord(Int, RecordProblem)
  /// The checksum is right, and behind the last record there is more.
  case trailingBytes(Int)

  package enum RecordProblem: String, Hashable, Sendable {
    case malformed = "does not fit its lengths"
    case offset = "does not have an offset behind the one before it"
    case topic = "has a topic that is not UTF-8"
    case headers = "has headers that do not fit their lengths"
    case newer = "is newer than its batch says, so that queries by time miss it"
  }

  package var description: String {
    switch self {
    case .zeros: "zeros where a batch should be"
    case .noHeader: "no batch begins there"
    case .cutShort(let bytes, let whole): "the batch is cut short, \(bytes) of \(whole) bytes are there"
    case .wrongChecksum: "the batch's checksum is wrong"
    case .wrongOffset(let offset, let expected): "the batch says offset \(offset) where \(expected) comes next"
    case .beyond(let limit): "the batch goes beyond offset \(limit), with which the next segment begins"
    case .unknownCodec(let codec): "the batch is compressed with codec \(codec), which this version does not read"
    case .cannotUnpack(let error): "the batch's checksum is right, but \(error)"
    case .badRecord(let index, let problem): "record \(index) of the batch \(problem.rawValue)"
    case .trailingBytes(let count): "\(count) bytes stand behind the last record of the batch"
    }
  }

  /// Whether the batch stands where it belongs with the right checksum: what is wrong came with it to the disk.
  package var isInside: Bool {
    switch self {
    case .zeros, .noHeader, .cutShort, .wrongChecksum, .wrongOffset, .beyond: false
    case .unknownCodec, .cannotUnpack, .badRecord, .trailingBytes: true
    }
  }

  /// Why there is no intact batch at `position` of `file`, where one with offset `expected` (nil: any) should be, and
  /// none with offsets at or above `limit`.
  static func diagnose(
    _ file: any DiskFile, at position: Int, expected: Offset?, limit: Offset
  ) throws(SystemError) -> (problem: BatchProblem, header: RecordBatchHeader?) {
    var writer = ByteWriter(capacity: RecordBatchHeader.byteCount)
    let count = try writer.append(upTo: RecordBatchHeader.byteCount) { room throws(SystemError) in
      try file.read(into: room, at: position)
    }
    if writer.array.allSatisfy({ $0 == 0 }) { return (.zeros, nil) }
    switch RecordBatchHeader.parse(writer.bytes) {
    case .incomplete: return (.cutShort(bytes: count, of: RecordBatchHeader.byteCount), nil)
    case .malformed: return (.noHeader, nil)
    case .header(let header):
      let available = try file.size() - position
      if available < header.batchBytes { return (.cutShort(bytes: available, of: header.batchBytes), header) }
      if let expected, header.baseOffset != expected {
        return (.wrongOffset(header.baseOffset, expected: expected), header)
      }
      return (header.endOffset > limit ? .beyond(limit) : .wrongChecksum, header)
    }
  }
}
