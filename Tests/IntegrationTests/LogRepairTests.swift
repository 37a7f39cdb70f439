import Platform
import Records
import Support
import Testing

/// `forebay log repair` on logs that the daemon has written and a test has damaged.
struct LogRepairTests {
  private let directory = TemporaryDirectory()
  private var data: String { directory.path + "/data" }

  private func run(_ arguments: String...) throws -> (status: Int32, output: String, errors: String) {
    let process = try TestProcess(ForebayProcess.executable, arguments + ["--data", data], in: directory)
    let status = try process.wait()
    return (status, process.output, process.errors)
  }

  /// Lets a daemon write some segments and a route read them.
  private func makeLog() throws -> ForebayProcess {
    let forebay = try ForebayProcess(
      """
      log: { segment: "1 MiB" },
      routes: [{ name: "keeper", topics: ["#"], file: { path: "\(directory.path)/out" } }],
      """, in: directory)
    try forebay.publish(4000, payloadBytes: 1000)
    try waitUntil("the route") {
      try forebay.command("status", "--format", "json").contains(#""state":"up to date","position":4000"#)
    }
    return forebay
  }

  @Test func `a log that a daemon holds is not touched, and the holder is named`() throws {
    let forebay = try ForebayProcess(in: directory)
    let result = try run("log", "repair")
    #expect(result.status == 75 && result.output.isEmpty)
    #expect(result.errors.contains("in use by process \(forebay.process.identifier); stop it first"))
    #expect(try run("log", "repair", "--dry-run").status == 0)
    try forebay.stop()
    let stopped = try run("log", "repair")
    #expect(stopped.status == 0 && stopped.output == "nothing to repair\n")
  }

  @Test func `damage everywhere is taken out, said, kept, and the daemon goes on`() throws {
    let forebay = try makeLog()
    try forebay.stop()
    let segments = forebay.segments
    #expect(segments.count > 3)
    // Before sealing has come to them, or after: both are damage to one batch.
    try change(segments[0]) { $0[$0.count / 2] ^= 1 }
    try change(segments[1]) { for index in 0..<200 { $0[index] = 0 } }
    try change(segments[segments.count - 1]) { $0[$0.count - 1] ^= 1 }
    try writeBytes(data + "/log/00000000000000000000.log.new", [1, 2, 3])
    try change(data + "/cursors/route/keeper") { for index in $0.indices { $0[index] = 1 } }

    let before = try segments.map { try readBytes($0) }
    let dry = try run("log", "repair", "--dry-run")
    #expect(dry.status == 1, "\(dry.output)")
    #expect(dry.output.split(separator: "\n").last!.hasSuffix("run it without --dry-run, with the daemon stopped"))
    #expect(dry.output.contains("cursors/route/keeper: neither slot of the cursor is intact"))
    #expect(try segments.map { try readBytes($0) } == before)
    #expect(!FileSystem.exists(data + "/quarantine"))

    let found = try verified(try run("log", "verify", "--quiet", "--format", "ndjson").output)
    let result = try run("log", "repair")
    #expect(result.status == 0, "\(result.output)")
    #expect(result.output.contains("log/\(name(segments[0])): written anew: "))
    #expect(result.output.contains("what was taken out is in \(data)/quarantine"))
    #expect(result.output.split(separator: "\n").last!.hasSuffix("; no damage"))
    for (file, byte, bytes) in found where file.hasPrefix("log/") {
      let kept = "\(data)/quarantine/\(file.dropFirst(4)).\(byte)"
      #expect(try readBytes(kept).count == bytes, "\(kept)")
    }
    #expect(try run("log", "verify").status == 0)

    try forebay.restart()
    try forebay.publish(10, from: 4000)
    let records = try run("query", "plant/#", "--format", "csv").output.split(separator: "\n").dropFirst()
    #expect(records.count > 1000 && records.count < 4010)
    #expect(Set(records).count == records.count)
    #expect(try run("query", "$forebay/gap", "--format", "ndjson").output.contains(#""reason":"damage""#))
    #expect(!forebay.errors.contains("damaged"))
    try forebay.stop()
  }

  @Test func `scripts get an object a step, and one for the whole`() throws {
    let forebay = try ForebayProcess(in: directory)
    try forebay.publish(10)
    try forebay.stop()
    try change(data + "/epoch") { $0[3] = 0 }
    let lines = try run("log", "repair", "--format", "ndjson").output.split(separator: "\n")
    #expect(lines.count == 3)
    #expect(lines[0].hasPrefix(#"{"kind":"repaired","text":"the epoch file was missing or damaged"#))
    #expect(
      lines[1].hasPrefix(
        #"{"kind":"repair","isDryRun":false,"repaired":1,"left":0,"lostRecords":0,"quarantinedBytes":17,"#))
    #expect(lines[2].hasPrefix(#"{"kind":"summary","#) && lines[2].contains(#""damaged":0"#))
  }

  private func name(_ path: String) -> Substring { path.split(separator: "/").last! }

  /// File, byte and number of bytes of each finding that has them.
  private func verified(_ output: String) throws -> [(file: String, byte: Int, bytes: Int)] {
    let pattern = #/"file":"([^"]+)","byte":(\d+),"bytes":(\d+)/#
    return output.split(separator: "\n").compactMap { line in
      line.firstMatch(of: pattern).map { (String($0.1), Int($0.2)!, Int($0.3)!) }
    }
  }
}
