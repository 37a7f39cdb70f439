package import Bytes
import CZstd

/// Data that is not a zstd frame, is cut short, or claims to unpack to more than allowed.
package enum ZstdError: Error, Hashable, Sendable, CustomStringConvertible {
  case damaged(String)
  case tooLarge(limit: Int)

  package var description: String {
    switch self {
    case .damaged(let reason): "not a readable zstd frame: \(reason)"
    case .tooLarge(let limit): "a zstd frame unpacks to more than \(limit) bytes"
    }
  }
}

/// Compresses one frame at a time with a context it keeps. One owner, one thread at a time.
package struct ZstdCompressor: ~Copyable, @unchecked Sendable {
  // Unchecked: the context is reachable only through this one non-copyable owner.
  private let context: OpaquePointer

  /// How much of the processor's time a byte less is worth: levels of zstd, chosen on batches of telemetry of several kinds.
  /// Level 2 is as small as 3 and 5 there, give or take a twentieth, in a third of the time of 5; 8 takes up to a tenth off, at
  /// six times the time of 2.
  package enum Effort: Int, Hashable, Sendable {
    case quick = 2
    case thorough = 8
  }

  package init(_ effort: Effort = .quick) {
    context = ZSTD_createCCtx()
    ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, CInt(effort.rawValue))
    // Windows above 8 MiB are refused by many readers unless asked for.
    ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, 0)
  }

  deinit {
    ZSTD_freeCCtx(context)
  }

  /// Appends one frame of `bytes` to `writer`; equal bytes give equal frames.
  package mutating func compress(_ bytes: RawSpan, into writer: inout ByteWriter) {
    let bound = ZSTD_compressBound(bytes.byteCount)
    _ = writer.append(upTo: bound) { room in
      let count = bytes.withUnsafeBytes {
        ZSTD_compress2(context, room.baseAddress, room.count, $0.baseAddress, $0.count)
      }
      precondition(ZSTD_isError(count) == 0, "zstd: \(String(cString: ZSTD_getErrorName(count)))")
      return count
    }
  }
}

/// Decompresses with a context it keeps. One owner, one thread at a time.
package struct ZstdDecompressor: ~Copyable, @unchecked Sendable {
  // Unchecked: as above.
  private let context: OpaquePointer

  package init() {
    context = ZSTD_createDCtx()
  }

  deinit {
    ZSTD_freeDCtx(context)
  }

  /// What the first of `frames` unpacks to, in bytes, by its own account; nil: it does not say.
  package static func statedSize(of frames: RawSpan) -> Int? {
    let size = frames.withUnsafeBytes { ZSTD_getFrameContentSize($0.baseAddress, $0.count) }
    // The two largest values say that it is unknown, or no frame.
    return size < UInt64.max - 1 ? Int(exactly: size) : nil
  }

  /// Appends what `frames`, one or more, unpack to, whether or not they state their size.
  package mutating func decompress(
    _ frames: RawSpan, into writer: inout ByteWriter, limit: Int
  ) throws(ZstdError) {
    ZSTD_DCtx_reset(context, ZSTD_reset_session_only)
    let start = writer.count
    var consumed = 0
    var isFrameOpen = false
    while consumed < frames.byteCount {
      guard writer.count - start <= limit else { throw .tooLarge(limit: limit) }
      var advanced = 0
      var status = 0
      let produced = writer.append(upTo: min(128 << 10, limit + 1 - (writer.count - start))) { room in
        frames.withUnsafeBytes { source in
          var input = ZSTD_inBuffer(src: source.baseAddress, size: source.count, pos: consumed)
          var output = ZSTD_outBuffer(dst: room.baseAddress, size: room.count, pos: 0)
          status = ZSTD_decompressStream(context, &output, &input)
          advanced = input.pos - consumed
          return ZSTD_isError(status) == 0 ? output.pos : 0
        }
      }
      guard ZSTD_isError(status) == 0 else { throw .damaged(String(cString: ZSTD_getErrorName(status))) }
      consumed += advanced
      isFrameOpen = status != 0
      if advanced == 0 && produced == 0 { break }
    }
    while isFrameOpen {
      // All input is taken; what is left is output that did not fit.
      guard writer.count - start <= limit else { throw .tooLarge(limit: limit) }
      var status = 0
      let produced = writer.append(upTo: 128 << 10) { room in
        var input = ZSTD_inBuffer(src: nil, size: 0, pos: 0)
        var output = ZSTD_outBuffer(dst: room.baseAddress, size: room.count, pos: 0)
        status = ZSTD_decompressStream(context, &output, &input)
        return ZSTD_isError(status) == 0 ? output.pos : 0
      }
      guard ZSTD_isError(status) == 0 else { throw .damaged(String(cString: ZSTD_getErrorName(status))) }
      if status == 0 { break }
      guard produced > 0 else { throw .damaged("it is cut short") }
    }
  }
}
