import Platform
import Records
import Support
import Testing

/// `forebay log export`: what it writes, where, and what it refuses.
struct LogExportTests {
  private let directory = TemporaryDirectory()
  private var data: String { directory.path + "/data" }
  private var output: String { directory.path + "/out" }

  /// Offsets 0 to 29 in two segments, topics `t/0` to `t/2` in turn, a second apart from 2023-11-14T22:13:20Z on.
  private func makeLog() throws {
    var segment = TestSegment()
    for _ in 0..<8 { segment.add(3) }
    try writeBytes("\(data)/log/\(segment.fileName)", segment.bytes)
    var newest = TestSegment(base: segment.end)
    newest.add(6, codec: .zstd)
    try writeBytes("\(data)/log/\(newest.fileName)", newest.bytes)
    try writeBytes(data + "/epoch", Array("00000000000000ab\n".utf8))
  }

  private func export(_ arguments: String...) throws -> (status: Int32, output: String, errors: String) {
    let process = try TestProcess(
      ForebayProcess.executable, ["log", "export", "--data", data] + arguments, in: directory)
    let status = try process.wait()
    return (status, process.output, process.errors)
  }

  private func query(_ arguments: String...) throws -> String {
    let process = try TestProcess(
      ForebayProcess.executable, ["query", "--data", data, "--format", "ndjson"] + arguments, in: directory)
    try process.wait()
    return process.output
  }

  @Test func `without --output, lines as query prints them`() throws {
    try makeLog()
    let all = try export()
    #expect(all.status == 0 && all.errors.isEmpty)
    #expect(try all.output == query() && all.output.split(separator: "\n").count == 30)
  }

  @Test(
    arguments: [
      (["--from", "7"], Array(7..<30)), (["--to", "7"], Array(0...7)),
      (["--from", "22", "--to", "25"], Array(22...25)),
      (["t/1"], stride(from: 1, to: 30, by: 3).map { $0 }), (["t/1", "t/0", "--to", "4"], [0, 1, 3, 4]),
      (["--since", "2023-11-14T22:13:48Z"], [28, 29]), (["--until", "2023-11-14T22:13:22Z"], [0, 1]),
      (["t/2", "--from", "3", "--until", "2023-11-14T22:13:30Z"], [5, 8]),
    ] as [([String], [Int])])
  func `a part is chosen by offsets, times and topics`(arguments: [String], offsets: [Int]) throws {
    try makeLog()
    let process = try TestProcess(
      ForebayProcess.executable, ["log", "export", "--data", data] + arguments, in: directory)
    #expect(try process.wait() == 0)
    let found = process.output.split(separator: "\n").map { line in
      Int(line.drop { $0 != ":" }.dropFirst().prefix { $0.isNumber })
    }
    #expect(found == offsets)
  }

  @Test func `a file is not replaced unless told so`() throws {
    try makeLog()
    let first = try export("-o", output, "--to", "3")
    #expect(first.status == 0 && first.output.isEmpty)
    #expect(first.errors.contains("4 records to \(output)"))
    let whole = try readFile(output)
    #expect(try whole == query("-n", "30").split(separator: "\n").prefix(4).map { $0 + "\n" }.joined())
    let second = try export("-o", output)
    #expect(second.status == 73 && second.errors.contains("--force"))
    #expect(try readFile(output) == whole)
    #expect(try export("-o", output, "--force", "--quiet").errors.isEmpty)
    #expect(try readFile(output).split(separator: "\n").count == 30)
    #expect(try LocalDisk().list(directory.path).allSatisfy { !$0.hasSuffix(".new") })
  }

  @Test func `another export's file, a directory, the log itself and nothing found are told apart`() throws {
    try makeLog()
    try writeFile(output + ".new", "")
    let taken = try export("-o", output)
    #expect(taken.status == 73 && taken.errors.contains("another export"))
    #expect(try export("-o", directory.path).status == 73)
    for path in [data + "/log", data + "/x", data + "/log/../log/00000000000000000000.log"] {
      let result = try export("-o", path, "--force")
      #expect(result.status == 73 && result.errors.contains("within the data directory"), "\(path): \(result.errors)")
    }
    let nothing = try export("nobody", "-o", output + "2")
    #expect(nothing.status == 1 && nothing.errors.contains("nothing was written"))
    #expect(!FileSystem.exists(output + "2"))
    #expect(try export("--from", "9", "--to", "3").status == 64)
    #expect(try export("--format", "kafka").status == 64)
  }

  @Test(arguments: ["zstd", "none"])
  func `Kafka segments have every record as it was`(codec: String) throws {
    try makeLog()
    let result = try export("--format", "kafka", "-o", output, "--codec", codec, "t/1", "t/2")
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.errors.contains("20 records to \(output): 1 segment, 1 batch, "))
    #expect(try LocalDisk().list(output) == ["00000000000000000001.log"])
    let batches = try KafkaSegmentReader.read(try readBytes(output + "/00000000000000000001.log"))
    #expect(batches.map(\.codec) == [codec == "zstd" ? 4 : 0])
    let records = batches.flatMap(\.records)
    #expect(records.map(\.offset) == (0..<30).filter { $0 % 3 != 0 })
    #expect(records.allSatisfy { $0.key == Array("t/\($0.offset % 3)".utf8) })
    #expect(records.allSatisfy { $0.value == Array("record \($0.offset)".utf8) })
    #expect(records.allSatisfy { $0.timestamp == 1_700_000_000_000 + 1000 * $0.offset })
  }

  @Test func `a directory of segments is replaced only with --force, and nothing else in it`() throws {
    try makeLog()
    #expect(try export("--format", "kafka", "-o", output).status == 0)
    try writeFile(output + "/notes.txt", "mine")
    try writeFile(output + "/00000000000000000000.index", "of the old segment")
    try writeFile(output + "/00000000000000000009.log.new", "left over")
    let refused = try export("--format", "kafka", "-o", output)
    #expect(refused.status == 73 && refused.errors.contains("not empty"))
    #expect(try export("--format", "kafka", "-o", output, "--force", "--from", "6").status == 0)
    #expect(try LocalDisk().list(output) == ["00000000000000000006.log", "notes.txt"])
  }

  @Test func `records that cannot be read are said, and the others exported`() throws {
    try makeLog()
    try change(data + "/log/00000000000000000000.log") { $0[400] ^= 1 }
    let result = try export()
    #expect(result.status == 1)
    #expect(result.output.split(separator: "\n").count == 27)
    #expect(result.errors.contains("3 records could not be read; `forebay log verify` says where and why"))
  }
}
