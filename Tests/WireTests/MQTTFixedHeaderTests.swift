import Bytes
import Support
import Testing
import Wire

@Suite struct MQTTFixedHeaderTests {
  // The table of MQTT 3.1.1 section 2.2.3.
  @Test(
    arguments: [
      (0, [0x00]), (127, [0x7F]), (128, [0x80, 0x01]), (16_383, [0xFF, 0x7F]), (16_384, [0x80, 0x80, 0x01]),
      (2_097_151, [0xFF, 0xFF, 0x7F]), (2_097_152, [0x80, 0x80, 0x80, 0x01]), (268_435_455, [0xFF, 0xFF, 0xFF, 0x7F]),
    ] as [(Int, [UInt8])])
  func `the remaining length is read as the standard says`(length: Int, groups: [UInt8]) throws {
    let bytes = [0x30] + groups
    let header = try #require(try MQTTFixedHeader.parse(bytes.span.bytes, limit: 300_000_000))
    #expect(header.type == .publish)
    #expect(header.bodyBytes == length)
    #expect(header.headerBytes == bytes.count)
    for count in 0..<bytes.count {
      let cut = Array(bytes[..<count])
      #expect(try MQTTFixedHeader.parse(cut.span.bytes, limit: 300_000_000) == nil)
    }
  }

  @Test func `the limit counts the whole packet`() throws {
    let bytes: [UInt8] = [0x30, 98]
    #expect(try MQTTFixedHeader.parse(bytes.span.bytes, limit: 100)?.packetBytes == 100)
    #expect(throws: MQTTViolation.packetTooLarge) { try MQTTFixedHeader.parse(bytes.span.bytes, limit: 99) }
  }
}
