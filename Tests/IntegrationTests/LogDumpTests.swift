import Platform
import Records
import Support
import Testing

/// `forebay log dump`: batches, records and damage as they are on disk.
struct LogDumpTests {
  private let directory = TemporaryDirectory()
  private var data: String { directory.path + "/data" }
  private var older: String { data + "/log/00000000000000000000.log" }

  /// Three batches of 2, 3 (zstd) and 4 records, then the place of 3 lost ones, and a second segment of one record.
  private func makeLog() throws -> [Range<Int>] {
    var segment = TestSegment()
    segment.add(2)
    segment.add(3, codec: .zstd)
    segment.add(4)
    segment.addPlaceholder(3)
    try writeBytes(older, segment.bytes)
    var newest = TestSegment(base: segment.end)
    newest.add(1)
    try writeBytes("\(data)/log/\(newest.fileName)", newest.bytes)
    try writeBytes(data + "/epoch", Array("00000000000000ab\n".utf8))
    return [segment.range(0), segment.range(1), segment.range(2), segment.range(3)]
  }

  private func dump(_ arguments: String...) throws -> (status: Int32, lines: [String]) {
    let process = try TestProcess(
      ForebayProcess.executable, ["log", "dump", "--data", data] + arguments, in: directory)
    let status = try process.wait()
    return (status, process.output.split(separator: "\n").map(String.init))
  }

  /// The words of a line, as many as are asked for.
  private func words(_ line: String, _ count: Int) -> [String] {
    line.split(separator: " ").prefix(count).map(String.init)
  }

  @Test func `each batch is a line below its segment`() throws {
    let ranges = try makeLog()
    let (status, lines) = try dump()
    #expect(status == 0 && lines.count == 9)
    #expect(lines[0] == "00000000000000000000.log" && lines[6] == "00000000000000000012.log")
    #expect(words(lines[1], 6) == ["POSITION", "BASE", "LAST", "RECORDS", "CODEC", "BYTES"])
    #expect(words(lines[2], 6) == ["0", "0", "1", "2", "none", "\(ranges[0].count)"])
    #expect(words(lines[3], 6) == ["\(ranges[1].lowerBound)", "2", "4", "3", "zstd", "\(ranges[1].count)"])
    #expect(lines[2].hasSuffix("  2023-11-14T22:13:20.000Z 2023-11-14T22:13:21.000Z  crc ok"))
    #expect(words(lines[5], 6) == ["\(ranges[3].lowerBound)", "9", "11", "0", "none", "61"])
    #expect(lines[5].contains("in place of records that were lost"))
    // Numbers end below the ends of their titles.
    for title in ["POSITION", "BASE", "LAST", "RECORDS", "CODEC", "BYTES"] {
      let end = lines[1].distance(
        from: lines[1].startIndex, to: try #require(lines[1].firstRange(of: title)).upperBound)
      #expect(lines[2...5].allSatisfy { !$0.prefix(end).hasSuffix(" ") && $0.dropFirst(end).hasPrefix(" ") })
    }
  }

  @Test func `a range, a segment and a number can be asked for`() throws {
    _ = try makeLog()
    #expect(
      try dump("--from", "3", "--to", "6").lines.map { words($0, 2).last! } == [
        "00000000000000000000.log", "BASE", "2", "5",
      ])
    #expect(try dump("12").lines.count == 3)
    #expect(try dump("11", "-n", "2").lines.count == 4)
    #expect(try dump("--from", "99").status == 1)
    #expect(try dump("--from", "9", "--to", "3").status == 64)
    #expect(try dump("nothing/there").status == 66)
  }

  @Test func `records are shown as they are stored, packed or not`() throws {
    _ = try makeLog()
    let (_, lines) = try dump("--records", "--from", "1", "-n", "2")
    #expect(
      lines.filter { $0.contains(" bytes: ") }.map { words($0, 99).joined(separator: " ") } == [
        "1 2023-11-14T22:13:21.000Z t/1 8 bytes: record 1", "2 2023-11-14T22:13:22.000Z t/2 8 bytes: record 2",
      ])
    let objects = try dump("--records", "--from", "2", "--to", "2", "-f", "ndjson").lines
    #expect(objects.count == 2)
    #expect(objects[0].hasPrefix(#"{"kind":"batch","segment":"00000000000000000000.log","position":"#))
    #expect(objects[0].contains(#","baseOffset":2,"lastOffset":4,"records":3,"codec":"zstd","bytes":"#))
    #expect(objects[0].hasSuffix(#","isChecksumRight":true}"#))
    #expect(
      objects[1]
        == #"{"kind":"record","offset":2,"time":"2023-11-14T22:13:22.000Z","topic":"t/2","payload":"record 2"}"#)
  }

  @Test func `damage is shown in its place, with what its header says, in any file`() throws {
    let ranges = try makeLog()
    try change(older) { $0[ranges[1].upperBound - 1] ^= 1 }
    let (status, lines) = try dump("0")
    #expect(status == 0 && lines.count == 7)
    #expect(words(lines[3], 4) == ["\(ranges[1].lowerBound)", "2", "4", "3"] && lines[3].hasSuffix("crc wrong"))
    #expect(lines[4].contains("DAMAGED, \(ranges[1].count) bytes: the batch's checksum is wrong"))
    try writeBytes(directory.path + "/piece", Array(try readBytes(older)[ranges[2]]))
    let piece = try dump(directory.path + "/piece").lines
    #expect(piece.count == 3 && words(piece[2], 4) == ["0", "5", "8", "4"])
  }
}
