import Bytes
import Platform
import Records
import Storage
import Support
import Testing
import Uplink
import Wire

/// A shipment as frames for a stream: cut to what the node takes, and never over what it has had.
struct RabbitMQUplinkTests {
  /// An entry as it stands in a frame.
  private struct Entry: Equatable {
    var id: UInt64
    var records: Int
  }

  /// Packs one shipment of records 0 up to `count`, with the payload that `payload` makes.
  private func pack(
    _ count: Int, after lastID: UInt64 = 0, maximumFrameBytes: Int = 1 << 20,
    _ compression: RabbitMQTargetConfiguration.Compression = .zstd, payload: (Int) -> [UInt8]
  ) throws -> (entries: [Entry], packed: RabbitMQPacker.Packed, frames: [Int]) {
    let log = try TestLog()
    try log.append(0..<count, payload: payload) { _ in "t" }
    var reader = log.log.makeReader(at: 0)
    var contents = ShipmentContents()
    _ = try contents.cut(from: &reader, filters: [try TopicFilter("#")], limits: .init(records: count, bytes: 1 << 30))
    var packer = RabbitMQPacker(RecordIdentity(gateway: "g", epoch: log.log.epoch), compression)
    var output = ByteWriter()
    let packed = packer.pack(contents, after: lastID, maximumFrameBytes: maximumFrameBytes, to: &output)
    return (try Self.entries(output.array, compression), packed, Self.frameSizes(output.array))
  }

  private static func frameSizes(_ bytes: [UInt8]) -> [Int] {
    var sizes: [Int] = []
    var reader = ByteReader(bytes.span.bytes)
    while let size = reader.uint32(), reader.skip(Int(size)) { sizes.append(Int(size) + 4) }
    return sizes
  }

  private static func entries(
    _ bytes: [UInt8], _ compression: RabbitMQTargetConfiguration.Compression
  ) throws -> [Entry] {
    var entries: [Entry] = []
    var reader = ByteReader(bytes.span.bytes)
    while reader.uint32() != nil {
      guard reader.uint32() == 0x0002_0001, reader.uint8() == 0, let count = reader.uint32() else { break }
      for _ in 0..<count {
        let id = reader.uint64() ?? 0
        if compression == .none {
          entries.append(Entry(id: id, records: 1))
          guard let length = reader.uint32(), reader.skip(Int(length)) else { throw TestFailure("an entry is cut") }
        } else {
          guard reader.uint8() == 0xC0, let records = reader.uint16(), let raw = reader.uint32(),
            let size = reader.uint32(), reader.skip(Int(size))
          else { throw TestFailure("a sub-batch is cut") }
          #expect(raw > 0)
          entries.append(Entry(id: id, records: Int(records)))
        }
      }
    }
    return entries
  }

  @Test func `a shipment is one sub-batch under the number of its last record`() throws {
    let result = try pack(100) { Array("\($0)".utf8) }
    #expect(result.entries == [Entry(id: 100, records: 100)])
    #expect(result.packed.ids == [100] && result.packed.refused.isEmpty)
  }

  @Test func `no entry reaches over what the stream has had`() throws {
    let result = try pack(100, after: 60) { Array("\($0)".utf8) }
    #expect(result.entries == [Entry(id: 60, records: 60), Entry(id: 100, records: 40)])
    #expect(result.packed.ids == [60, 100])
  }

  @Test func `without packing each record is an entry of its own`() throws {
    let result = try pack(5, .none) { Array("\($0)".utf8) }
    #expect(result.entries == (1...5).map { Entry(id: $0, records: 1) })
    #expect(result.packed.ids == [1, 2, 3, 4, 5] && result.frames.count == 1)
  }

  @Test(arguments: RabbitMQTargetConfiguration.Compression.allCases)
  func `no frame is longer than the node takes`(compression: RabbitMQTargetConfiguration.Compression) throws {
    var random = SeededGenerator(seed: 3)
    let result = try pack(200, maximumFrameBytes: 4096, compression) { number in
      (0..<(number % 50 * 20)).map { _ in UInt8(random.below(256)) }
    }
    #expect(result.frames.count > 20 && result.frames.allSatisfy { $0 <= 4096 })
    #expect(result.entries.reduce(0) { $0 + $1.records } == 200 && result.packed.refused.isEmpty)
    #expect(Set(result.entries.map(\.id)) == result.packed.ids)
    #expect(zip(result.entries, result.entries.dropFirst()).allSatisfy { $0.id < $1.id })
  }

  @Test(arguments: RabbitMQTargetConfiguration.Compression.allCases)
  func `a record that no frame holds is refused, and the others go`(
    compression: RabbitMQTargetConfiguration.Compression
  ) throws {
    var random = SeededGenerator(seed: 3)
    let result = try pack(3, maximumFrameBytes: 4096, compression) { number in
      number == 1 ? (0..<5000).map { _ in UInt8(random.below(256)) } : [1]
    }
    #expect(result.packed.refused.map(\.index) == [1])
    #expect(result.packed.refused[0].reason.contains("raise stream.frame_max"))
    #expect(result.packed.ids == [1, 3])
    #expect(result.entries.map(\.id) == [1, 3])
  }

  @Test func `a rate is kept over time, with a second's worth at once`() {
    let second: Int64 = 1_000_000_000
    var bandwidth = Bandwidth(bytesPerSecond: 1000, now: 0)
    let before = bandwidth.isExhausted(0)
    bandwidth.take(3000)
    let (after, wait) = (bandwidth.isExhausted(0), bandwidth.millisecondsToWait(second))
    let (atTwo, later) = (bandwidth.isExhausted(2 * second), bandwidth.isExhausted(2 * second + 2_000_000))
    #expect(!before && after && wait == 500 && atTwo && !later)
    // What is not used is not saved up.
    bandwidth.take(0)
    let full = bandwidth.isExhausted(100 * second)
    bandwidth.take(1001)
    let spent = bandwidth.isExhausted(100 * second)
    #expect(!full && spent)
  }
}
