private import CChecksum

/// CRC-32C (Castagnoli: polynomial 0x1EDC6F41, reflected, initial value and final inversion 0xFFFFFFFF),
/// the checksum of Kafka record batches and of everything Forebay keeps on disk.
///
/// Uses the processor's instructions on x86-64 (SSE 4.2) and arm64 (CRC), a table elsewhere.
package struct CRC32C {
  private var state: UInt32 = 0xFFFF_FFFF

  package init() {}

  /// The checksum of everything updated so far; more may follow.
  package var value: UInt32 { ~state }

  package mutating func update(_ bytes: RawSpan) {
    state = bytes.withUnsafeBytes { bytes in
      if Self.inHardware {
        return checksum_crc32c_hardware(state, bytes.baseAddress, bytes.count)
      }
      return Self.advancePortably(state, over: bytes)
    }
  }

  package static func checksum(of bytes: RawSpan) -> UInt32 {
    var crc = CRC32C()
    crc.update(bytes)
    return crc.value
  }

  /// The same by the table alone: for processors without the instructions, and for the test that compares the two.
  package static func portableChecksum(of bytes: RawSpan) -> UInt32 {
    bytes.withUnsafeBytes { ~advancePortably(0xFFFF_FFFF, over: $0) }
  }

  package static let inHardware = checksum_crc32c_in_hardware()

  private static func advancePortably(_ state: UInt32, over bytes: UnsafeRawBufferPointer) -> UInt32 {
    table.withUnsafeBufferPointer { table in
      var state = state
      for byte in bytes {
        state = table[Int((state ^ UInt32(byte)) & 0xFF)] ^ (state >> 8)
      }
      return state
    }
  }

  private static let table: [UInt32] = (0..<256).map { index in
    var remainder = UInt32(index)
    for _ in 0..<8 {
      remainder = (remainder >> 1) ^ (remainder & 1 == 1 ? 0x82F6_3B78 : 0)
    }
    return remainder
  }
}
