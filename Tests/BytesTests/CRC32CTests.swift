import Bytes
import Support
import Testing

struct CRC32CTests {
  /// RFC 3720, B.4, and the usual check value.
  @Test(
    arguments: [
      ("empty", [], 0),
      ("check value", Array("123456789".utf8), 0xE306_9283),
      ("32 zeros", [UInt8](repeating: 0, count: 32), 0x8A91_36AA),
      ("32 ones", [UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43),
      ("ascending", Array(0..<32), 0x46DD_794E),
      ("descending", Array((0..<32).reversed()), 0x113F_DB5C),
    ] as [(String, [UInt8], UInt32)])
  func `known checksums come out`(name: String, bytes: [UInt8], expected: UInt32) {
    #expect(CRC32C.checksum(of: bytes.span.bytes) == expected)
    #expect(CRC32C.portableChecksum(of: bytes.span.bytes) == expected)
  }

  @Test func `the processor and the table agree at every length and alignment`() {
    var random = SeededGenerator(seed: 1)
    let bytes = random.bytes(300)
    for start in 0..<16 {
      for end in start..<bytes.count {
        let slice = bytes.span.bytes.extracting(start..<end)
        #expect(CRC32C.checksum(of: slice) == CRC32C.portableChecksum(of: slice))
      }
    }
  }

  /// Long runs are checked in three lanes of 2048 bytes side by side, which are then joined.
  @Test(arguments: [6143, 6144, 6145, 12_287, 12_288, 12_295, 20_000])
  func `the processor and the table agree about long runs`(count: Int) {
    var random = SeededGenerator(seed: 3)
    let bytes = random.bytes(count + 3)
    for start in 0...3 {
      let slice = bytes.span.bytes.extracting(start..<(start + count))
      #expect(CRC32C.checksum(of: slice) == CRC32C.portableChecksum(of: slice))
    }
  }

  @Test func `a checksum in pieces is the checksum of the whole`() {
    var random = SeededGenerator(seed: 2)
    let bytes = random.bytes(1000)
    for cut in stride(from: 0, through: 1000, by: 37) {
      var crc = CRC32C()
      crc.update(bytes.span.bytes.extracting(0..<cut))
      crc.update(bytes.span.bytes.extracting(cut..<1000))
      #expect(crc.value == CRC32C.checksum(of: bytes.span.bytes))
    }
  }

  #if arch(x86_64) || arch(arm64)
    @Test func `this processor's instructions are used`() {
      #expect(CRC32C.inHardware)
    }
  #endif
}
