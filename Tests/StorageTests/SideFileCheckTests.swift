import Bytes
import Platform
import Records
import Storage
import Support
import Testing

/// The files beside sealed segments, against what a check of the log says of them.
struct SideFileCheckTests {
  private let disk = FaultyDisk()

  /// A log of some sealed segments, made by the log itself.
  private func makeLog() throws -> [Offset] {
    var configuration = LogConfiguration(directory: "/data")
    configuration.segmentBytes = 64 << 10
    let log = try Log.open(configuration, disk: disk, time: ManualTime(), startsThreads: false)
    var appender = log.makeAppender()
    for index in 0..<3000 {
      appender.append(
        topic: "plant/\(index % 7)".utf8.span.bytes, payload: String(repeating: "x", count: 80).utf8.span.bytes,
        at: Timestamp(milliseconds: 1_700_000_000_000 + Int64(index)))
      if index % 20 == 0 {
        appender.flush()
        #expect(log.commitStep())
      }
    }
    appender.flush()
    #expect(log.commitStep())
    while log.sealStep() {}
    log.close()
    return log.segments.map(\.base)
  }

  private func findings() throws -> [LogFinding] {
    var found: [LogFinding] = []
    var verification = try LogVerification(directory: "/data", disk: disk, time: ManualTime())
    _ = try verification.run(found: { found.append($0) })
    return found
  }

  private func path(_ base: Offset, _ kind: SegmentName.Kind) -> String {
    "/data/log/" + SegmentName.fileName(kind, base: base)
  }

  /// Changes a file whose last four bytes are the checksum over what begins at `start`, and sets the checksum right.
  private func forge(_ path: String, from start: Int, _ change: (inout [UInt8]) -> Void) {
    var bytes = Array(disk.contents(path)!.dropLast(4))
    change(&bytes)
    var writer = ByteWriter()
    writer.append(bytes)
    writer.append(CRC32C.checksum(of: writer.bytes.extracting(start..<writer.count)))
    disk.overwrite(path, writer.array)
  }

  @Test func `what the log writes beside its segments is in order`() throws {
    let bases = try makeLog()
    #expect(bases.count > 3)
    #expect(try findings() == [])
    for kind in [SegmentName.Kind.index, .topics] { #expect(disk.contents(path(bases[1], kind)) != nil) }
  }

  @Test func `a damaged one, and one about another file, is a remark`() throws {
    let bases = try makeLog()
    for kind in [SegmentName.Kind.index, .topics] {
      var bytes = disk.contents(path(bases[1], kind))!
      bytes[bytes.count - 6] ^= 1
      disk.overwrite(path(bases[1], kind), bytes)
      disk.overwrite(path(bases[2], kind), disk.contents(path(bases[0], kind))!)
    }
    let found = try findings()
    #expect(found.map(\.kind) == [.remark, .remark, .remark, .remark])
    #expect(found.allSatisfy { $0.problem.contains("passed over") })
  }

  @Test func `one that seems in order and hides records is damage`() throws {
    let bases = try makeLog()
    forge(path(bases[1], .topics), from: 0) { $0[$0.count - 1] = UInt8(ascii: "9") }
    forge(path(bases[2], .index), from: 64) { $0[64 + 15] ^= 1 }
    let found = try findings()
    #expect(found.map(\.kind) == [.damage, .damage])
    #expect(found.map(\.file) == [path(bases[1], .topics), path(bases[2], .index)].map { String($0.dropFirst(6)) })
  }

  @Test func `what belongs to nothing is a remark`() throws {
    let bases = try makeLog()
    disk.overwrite("/data/log/00000000000000999999.index", [])
    disk.overwrite("/data/log/notes.txt", [])
    disk.overwrite(path(bases[1], .index) + ".new", [])
    #expect(try findings().map(\.kind) == [.remark, .remark, .remark])
  }
}
