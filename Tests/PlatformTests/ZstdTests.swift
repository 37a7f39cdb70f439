import Bytes
import Platform
import Support
import Testing

struct ZstdTests {
  private func compress(_ bytes: [UInt8]) -> [UInt8] {
    var compressor = ZstdCompressor()
    var frame = ByteWriter()
    compressor.compress(bytes.span.bytes, into: &frame)
    return frame.array
  }

  private func decompress(_ frame: [UInt8], limit: Int) throws(ZstdError) -> [UInt8] {
    var decompressor = ZstdDecompressor()
    var output = ByteWriter()
    try decompressor.decompress(frame.span.bytes, into: &output, limit: limit)
    return output.array
  }

  @Test(arguments: [0, 1, 100, 100_000, 3_000_000])
  func `what is compressed comes back`(count: Int) throws {
    let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 % 7 &* $0 / 1000) }
    let frame = compress(bytes)
    #expect(count < 1000 || frame.count < count / 2)
    #expect(try decompress(frame, limit: count) == bytes)
    #expect(compress(bytes) == frame)
  }

  @Test func `a frame that unpacks to more than allowed is refused`() throws {
    let frame = compress([UInt8](repeating: 0, count: 10_000_000))
    #expect(throws: ZstdError.tooLarge(limit: 1000)) { try decompress(frame, limit: 1000) }
  }

  @Test func `two frames behind each other unpack to both`() throws {
    #expect(try decompress(compress([1, 2]) + compress([3]), limit: 10) == [1, 2, 3])
  }

  @Test func `damage of any kind is an error or other bytes, never a trap`() throws {
    var random = SeededGenerator(seed: 9)
    let frame = compress((0..<5000).map { UInt8($0 % 50) })
    for round in 0..<2000 {
      var damaged = frame
      if round % 2 == 0 {
        damaged = Array(damaged.prefix(random.below(damaged.count)))
      } else {
        damaged[random.below(damaged.count)] ^= 1 << UInt8(random.below(8))
      }
      let output = try? decompress(damaged, limit: 100_000)
      #expect((output?.count ?? 0) <= 100_000)
    }
  }

  @Test func `a frame cut short is damaged`() throws {
    let frame = compress(Array("hello hello hello hello".utf8))
    for cut in 1..<frame.count {
      #expect(throws: ZstdError.self) { try decompress(Array(frame.prefix(cut)), limit: 1000) }
    }
  }
}
