import Bytes
import Platform
import Records
import Storage
import Support
import Testing

/// The bytes of a segment's files, as other versions and other programs have to find them.
struct SegmentFilesTests {
  private static let first = "/data/log/00000000000000000000"

  /// Three records in three commits: Kafka's record batches, nothing else.
  private static let segment = hex(
    """
    0000000000000000 00000046 ffffffff 02 7aef1f92 0000 00000000 0000018bcfe56800 0000018bcfe56800 ffffffffffffffff ffff
    ffffffff 00000001
    28 00 00 00 06 612f31 16 7b2276616c7565223a307d 00
    """)

  /// The same three, and what was with them, sealed: one batch, compressed with zstd.
  private static let sealed = hex(
    """
    0000000000000000 0000007b ffffffff 02 6968b5bc 0004 00000002 0000018bcfe56800 0000018bcfe56802 ffffffffffffffff ffff
    ffffffff 00000003
    28b52ffd20510d020054032800000006612f31167b2276616c7565223a307d004c0002020262317d020c736f75726365187564703a31302e
    3928000404327d0003005f8996636183271e
    """)

  private static let index = hex(
    """
    46426978 0001 0003 0000000000000000 0000000000000003 0000000000000087 0000000000000108 0000018bcfe56800
    0000018bcfe56802 00000001 170085d5
    0000000000000000 0000000000000000 0000018bcfe56802 f4550899
    """)

  private static let topics = hex(
    "46427470 0001 0000 0000000000000000 0000000000000087 00000002 06 612f31 02 62 ae559330")

  private func open(_ disk: FaultyDisk) throws -> Log {
    var configuration = LogConfiguration(directory: "/data")
    configuration.segmentBytes = 400
    return try Log.open(configuration, disk: disk, time: ManualTime(), startsThreads: false)
  }

  private func append(_ log: Log) {
    var appender = log.makeAppender()
    for (index, topic) in ["a/1", "b", "a/1"].enumerated() {
      var headers = RecordHeaders()
      if index == 1 { headers.add(RecordHeaderKey.source, "udp:10.0.0.9") }
      appender.append(
        topic: topic.utf8.span.bytes, payload: "{\"value\":\(index)}".utf8.span.bytes,
        at: Timestamp(milliseconds: 1_700_000_000_000 + Int64(index)), headers: headers)
      appender.flush()
      #expect(log.commitStep())
    }
    let large = String(repeating: "x", count: 200)
    appender.append(
      topic: "c".utf8.span.bytes, payload: large.utf8.span.bytes, at: Timestamp(milliseconds: 1_700_000_000_003))
    appender.flush()
    #expect(log.commitStep())
  }

  @Test func `a segment is written as record batches, nothing else`() throws {
    let disk = FaultyDisk()
    append(try open(disk))
    #expect(Array(disk.contents(Self.first + ".log")!.prefix(Self.segment.count)) == Self.segment)
  }

  @Test func `the index and the list of topics are written beside a sealed segment`() throws {
    let disk = FaultyDisk()
    let log = try open(disk)
    append(log)
    while log.sealStep() {}
    #expect(log.segments[0].isSealed)
    // How well zstd packs depends on its version: where the lengths are, the files may differ.
    let index = try #require(disk.contents(Self.first + ".index"))
    #expect(index.count == Self.index.count)
    #expect(Array(index.prefix(24)) == Array(Self.index.prefix(24)))
    #expect(Array(index[32..<60]) == Array(Self.index[32..<60]))
    #expect(Array(index[64..<88]) == Array(Self.index[64..<88]))
    let topics = try #require(disk.contents(Self.first + ".topics"))
    #expect(Array(topics[24..<34]) == Array(Self.topics[24..<34]))
  }

  @Test func `sealed files of long ago are read, and nothing has to be made anew`() throws {
    let disk = FaultyDisk()
    append(try open(disk))
    disk.overwrite(Self.first + ".log", Self.sealed)
    disk.overwrite(Self.first + ".index", Self.index)
    disk.overwrite(Self.first + ".topics", Self.topics)
    disk.powerCycle(seed: 1)
    let log = try open(disk)
    #expect(log.segments[0].isSealed)
    #expect(log.segments[0].summary?.endOffset == 3)
    #expect(log.segments[0].summary?.unsealedBytes == 264)
    #expect(!log.sealStep())
    var reader = log.makeReader(at: 0)
    var found: [String] = []
    while let record = try reader.next() {
      found.append(
        "\(record.offset) \(record.topic.text) \(record.payload.text.prefix(11)) \(record.header("source") ?? "")")
    }
    #expect(
      found == [
        "0 a/1 {\"value\":0} ", "1 b {\"value\":1} udp:10.0.0.9", "2 a/1 {\"value\":2} ", "3 c xxxxxxxxxxx ",
      ])
  }

  /// A flip anywhere in a side file costs nothing.
  @Test func `a damaged side file is as good as none`() throws {
    for (suffix, bytes) in [(".index", Self.index), (".topics", Self.topics)] {
      for byte in bytes.indices {
        let disk = FaultyDisk()
        append(try open(disk))
        disk.overwrite(Self.first + ".log", Self.sealed)
        disk.overwrite(Self.first + ".index", Self.index)
        disk.overwrite(Self.first + ".topics", Self.topics)
        var damaged = bytes
        damaged[byte] ^= 0x10
        disk.overwrite(Self.first + suffix, damaged)
        disk.powerCycle(seed: 1)
        let log = try open(disk)
        var reader = log.makeReader(at: 1)
        reader.filters = [try TopicFilter("b")]
        let found = try reader.next()?.offset
        #expect(found == 1, "\(suffix), byte \(byte)")
      }
    }
  }
}
