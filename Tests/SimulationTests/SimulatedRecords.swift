import Bytes
import Glibc
import Records
import Support

/// What the records of a simulation look like: a number, and bytes that follow from its length alone, so that each can be
/// told from every other and any wrong byte shows.
enum SimulatedRecords {
  /// Something between text and noise, as payloads are.
  private static let filler: [UInt8] = {
    var random = SeededGenerator(seed: 1)
    var bytes: [UInt8] = []
    while bytes.count < 64 << 10 {
      bytes += random.oneIn(2) ? random.bytes(16) : Array(#"{"temperature":21.5,"unit":"C"}"#.utf8)
    }
    return bytes
  }()

  /// A buffer for `stamp`, as long as the longest payload.
  static func makeBuffer() -> [UInt8] { filler }

  /// Makes the front of `buffer` the payload of record `number`.
  static func stamp(_ number: Int, on buffer: inout [UInt8]) {
    buffer.withUnsafeMutableBytes { $0.storeBytes(of: number, as: Int.self) }
  }

  /// The number of the record with `payload`; nil where it is no payload of ours, whole and right.
  static func number(of payload: RawSpan) -> Int? {
    guard payload.byteCount >= 8, payload.byteCount <= filler.count else { return nil }
    return payload.withUnsafeBytes { bytes in
      filler.withUnsafeBytes { expected in
        memcmp(bytes.baseAddress! + 8, expected.baseAddress! + 8, bytes.count - 8) == 0
          ? bytes.loadUnaligned(as: Int.self) : nil
      }
    }
  }
}
