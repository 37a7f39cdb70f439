import Bytes
import Platform
import Records

/// Gives the records of batches of any codec, with memory that it keeps. One owner, one thread.
struct BatchDecompressor: ~Copyable, Sendable {
  private var unpacked = ByteWriter(capacity: 16)
  private var zstd: ZstdDecompressor?

  /// Makes `records` ready for the batch that `scanner` has read.
  /// - Returns: false where its records cannot be unpacked.
  mutating func open(_ header: RecordBatchHeader, in scanner: borrowing BatchScanner) -> Bool {
    switch header.codec {
    case .some(.none): return true
    case .zstd: return unpack(scanner.batch(header).extracting(RecordBatchHeader.byteCount..<header.batchBytes))
    case nil: return false
    }
  }

  /// The records of the batch that was opened last.
  @_lifetime(borrow self, borrow scanner)
  borrowing func records(_ header: RecordBatchHeader, in scanner: borrowing BatchScanner) -> RawSpan {
    guard header.codec == RecordBatchHeader.Codec.none else { return unpacked.bytes }
    return scanner.batch(header).extracting(RecordBatchHeader.byteCount..<header.batchBytes)
  }

  /// The bytes that were unpacked last; for a batch that was not packed, none.
  var unpackedBytes: Int { unpacked.count }

  private mutating func unpack(_ frame: RawSpan) -> Bool {
    var output = ByteWriter(capacity: 0)
    swap(&output, &unpacked)
    output.removeAll()
    var decompressor = zstd.take() ?? ZstdDecompressor()
    let isWhole: Bool
    do throws(ZstdError) {
      try decompressor.decompress(frame, into: &output, limit: RecordBatchHeader.maximumBatchBytes)
      isWhole = true
    } catch {
      isWhole = false
    }
    zstd = consume decompressor
    unpacked = output
    return isWhole
  }
}
