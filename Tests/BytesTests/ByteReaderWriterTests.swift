import Bytes
import Support
import Testing

struct ByteReaderWriterTests {
  @Test func `what was written is read back`() {
    var writer = ByteWriter(capacity: 0)
    writer.append(UInt8(0xAB))
    writer.append(UInt16(0x0102))
    writer.append(UInt32(0xDEAD_BEEF))
    writer.append(UInt64.max - 1)
    writer.append(Int16(-2))
    writer.append(Int32.min)
    writer.append(Int64(-3))
    writer.append("grüß")
    var reader = ByteReader(writer.bytes)
    #expect(reader.uint8() == 0xAB)
    #expect(reader.uint16() == 0x0102)
    #expect(reader.uint32() == 0xDEAD_BEEF)
    #expect(reader.uint64() == UInt64.max - 1)
    #expect(reader.int16() == -2)
    #expect(reader.int32() == .min)
    #expect(reader.int64() == -3)
    let text = reader.rest().text
    #expect(text == "grüß")
    let isAtEnd = reader.isAtEnd
    #expect(isAtEnd)
  }

  @Test func `a read past the end takes nothing`() {
    let bytes: [UInt8] = [1, 2, 3]
    var reader = ByteReader(bytes.span.bytes)
    #expect(reader.uint32() == nil)
    #expect(reader.uint64() == nil)
    let none = reader.bytes(4) == nil && reader.bytes(-1) == nil && !reader.skip(4)
    #expect(none)
    #expect(reader.uint16() == 0x0102)
    #expect(reader.remaining == 1)
  }

  /// Kafka's zig-zag form: the values of the protocol's documentation and the edges.
  @Test(
    arguments: [
      (0, [0x00]), (1, [0x02]), (-1, [0x01]), (2, [0x04]), (-2, [0x03]), (63, [0x7E]), (64, [0x80, 0x01]),
      (-64, [0x7F]), (-65, [0x81, 0x01]), (300, [0xD8, 0x04]), (2_147_483_647, [0xFE, 0xFF, 0xFF, 0xFF, 0x0F]),
      (-2_147_483_648, [0xFF, 0xFF, 0xFF, 0xFF, 0x0F]),
    ] as [(Int64, [UInt8])])
  func `zig-zag integers have their golden bytes`(value: Int64, golden: [UInt8]) {
    var writer = ByteWriter()
    writer.append(varInt: value)
    #expect(writer.array == golden)
    #expect(VarInt.byteCount(ofZigZag: value) == golden.count)
    var reader = ByteReader(golden.span.bytes)
    #expect(reader.varInt() == value)
    for cut in 0..<golden.count {
      var short = ByteReader(golden.span.bytes.extracting(0..<cut))
      #expect(short.varInt() == nil)
      #expect(short.position == 0)
    }
  }

  @Test func `an integer of more groups than allowed is refused`() {
    let bytes: [UInt8] = [0x80, 0x80, 0x80, 0x80, 0x01]
    var reader = ByteReader(bytes.span.bytes)
    #expect(reader.varUInt(maximumBytes: 4) == nil)
    #expect(reader.varUInt(maximumBytes: 5) == 1 << 28)
  }

  @Test func `a writer keeps its contents while it grows, shrinks and is patched`() {
    var writer = ByteWriter(capacity: 16)
    var expected: [UInt8] = []
    var random = SeededGenerator(seed: 3)
    for _ in 0..<200 {
      let piece = random.bytes(random.below(50))
      writer.append(piece)
      expected += piece
    }
    writer.patch(UInt16(0xFFEE), at: 100)
    expected.replaceSubrange(100..<102, with: [0xFF, 0xEE])
    #expect(writer.array == expected)
    writer.removeFirst(50)
    expected.removeFirst(50)
    writer.truncate(to: 60)
    #expect(writer.array == Array(expected.prefix(60)))
  }

  @Test(
    arguments: [(0, "0"), (7, "7"), (-7, "-7"), (1234567890, "1234567890"), (Int64.min, "-9223372036854775808")]
      as [(Int64, String)])
  func `decimal digits`(value: Int64, text: String) {
    var writer = ByteWriter()
    writer.append(decimal: value)
    #expect(writer.bytes.text == text)
  }

  @Test(
    arguments: [
      ("ascii", "hello, world, this is longer than eight", true), ("two bytes", "äöü", true), ("three", "€", true),
      ("four", "𝄞", true), ("empty", "", true),
    ])
  func `valid UTF-8 is recognised`(name: String, text: String, expected: Bool) {
    let isValid = UTF8Validation.isValid(text.utf8.span.bytes)
    #expect(isValid == expected)
  }

  @Test(
    arguments: [
      ("lone continuation", [0x80]), ("overlong slash", [0xC0, 0xAF]), ("overlong three", [0xE0, 0x80, 0x80]),
      ("surrogate", [0xED, 0xA0, 0x80]), ("overlong four", [0xF0, 0x80, 0x80, 0x80]),
      ("too large", [0xF4, 0x90, 0x80, 0x80]),
      ("cut short", [0xE2, 0x82]), ("bad third", [0xE2, 0x82, 0x41]), ("never a lead", [0xFF]),
      ("behind eight", Array("12345678".utf8) + [0xFE]),
    ] as [(String, [UInt8])])
  func `bytes that are no UTF-8 are refused`(name: String, bytes: [UInt8]) {
    let isValid = UTF8Validation.isValid(bytes.span.bytes)
    #expect(!isValid)
    #expect(String(validating: bytes, as: UTF8.self) == nil)
  }
}
