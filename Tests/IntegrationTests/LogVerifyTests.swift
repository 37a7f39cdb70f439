import Platform
import Records
import Support
import Synchronization
import Testing

/// `forebay log verify` as an operator and a script see it.
struct LogVerifyTests {
  private let directory = TemporaryDirectory()
  private var data: String { directory.path + "/data" }
  private var older: String { data + "/log/00000000000000000000.log" }

  /// Two segments of a few batches.
  private func makeLog() throws {
    var segment = TestSegment()
    for _ in 0..<5 { segment.add(3) }
    try writeBytes(older, segment.bytes)
    var newest = TestSegment(base: segment.end)
    newest.add(2, codec: .zstd)
    try writeBytes("\(data)/log/\(newest.fileName)", newest.bytes + [UInt8](repeating: 0, count: 5000))
    try writeBytes(data + "/epoch", Array("00000000000000ab\n".utf8))
  }

  private func verify(_ arguments: String...) throws -> (status: Int32, output: String, errors: String) {
    let process = try TestProcess(
      ForebayProcess.executable, ["log", "verify", "--data", data] + arguments, in: directory)
    let status = try process.wait()
    return (status, process.output, process.errors)
  }

  @Test func `a log in order gives one line and 0`() throws {
    try makeLog()
    let result = try verify()
    #expect(result.status == 0 && result.errors.isEmpty)
    #expect(result.output.hasPrefix("2 segments, 6 batches, 17 records, "))
    #expect(result.output.hasSuffix("; no damage\n"))
    #expect(try verify("--quiet").output.isEmpty)
  }

  @Test func `damage gives a line with its place and what to do, and 1`() throws {
    try makeLog()
    try change(older) { $0[400] ^= 1 }
    let result = try verify()
    let lines = result.output.split(separator: "\n")
    #expect(result.status == 1 && lines.count == 2 && result.errors.isEmpty)
    #expect(lines[0].hasPrefix("log/00000000000000000000.log: damage at byte "))
    #expect(lines[0].contains(", offsets 9 to 11: the batch's checksum is wrong; what to do: "))
    #expect(lines[1].hasSuffix("damage in 1 place"))
    let quiet = try verify("--quiet")
    #expect(quiet.status == 1 && quiet.output == lines[0] + "\n")
  }

  @Test func `scripts get an object a finding, the totals last`() throws {
    try makeLog()
    try change(older) { $0[400] ^= 1 }
    try writeBytes(data + "/log/00000000000000000017.log.new", [])
    let result = try verify("--format", "ndjson")
    let lines = result.output.split(separator: "\n")
    #expect(result.status == 1 && lines.count == 3)
    #expect(lines[0].hasPrefix(#"{"kind":"remark","file":"log/00000000000000000017.log.new","problem":"#))
    #expect(lines[1].hasPrefix(#"{"kind":"damage","file":"log/00000000000000000000.log","byte":"#))
    #expect(lines[1].contains(#","firstOffset":9,"lastOffset":11,"problem":"the batch's checksum is wrong","remedy":"#))
    #expect(lines[2].hasPrefix(#"{"kind":"summary","segments":2,"batches":5,"records":14,"bytes":"#))
    #expect(lines[2].hasSuffix(#","damaged":1,"lostRecords":0,"remarks":1}"#))
  }

  @Test func `cursors are checked: torn, behind the log's end, and both slots lost`() throws {
    try makeLog()
    let forebay = try ForebayProcess(
      "routes: [{ name: \"keeper\", topics: [\"#\"], file: { path: \"\(directory.path)/out\" } }]", in: directory)
    let cursor = data + "/cursors/route/keeper"
    try forebay.publish(3)
    try waitUntil("the route") { try forebay.command("status", "--format", "json").contains(#""position":20"#) }
    try forebay.stop()
    #expect(try verify().status == 0)

    let whole = try readBytes(cursor)
    // The sequence numbers' last bytes; the slots are written in turn.
    let newer = whole[15] > whole[4096 + 15] ? 0 : 4096
    try change(cursor) { $0[newer + 20] ^= 1 }
    #expect(try verify().output.contains("cursors/route/keeper: remark at byte \(newer) (4096 bytes): one slot"))
    try change(cursor) { for index in 0..<$0.count { $0[index] = 7 } }
    let lost = try verify()
    #expect(lost.status == 1 && lost.output.contains("cursors/route/keeper: damage: neither slot"))
    // The end of the log is gone, and the consumer has got further.
    try writeBytes(cursor, whole)
    try LocalDisk().remove(data + "/log/00000000000000000015.log")
    let ahead = try verify()
    #expect(ahead.status == 1 && ahead.output.contains("stands at offset 20, but the log ends at 15"))
  }

  @Test func `a log that is being written to is in order`() throws {
    let forebay = try ForebayProcess("log: { segment: \"1 MiB\" }", in: directory)
    let publisher = Publishing(forebay)
    publisher.start()
    while forebay.segments.count < 4 {
      let result = try verify()
      #expect(result.status == 0, "\(result.output)")
    }
    publisher.stop()
    try forebay.stop()
  }

  @Test func `a person at a terminal sees how far it is`() throws {
    // Long enough for the line to be shown: zeros in front of the batches take their time to be searched.
    var segment = TestSegment()
    for _ in 0..<20_000 { segment.add(50) }
    try writeBytes(older, segment.bytes)
    try writeBytes(data + "/epoch", Array("00000000000000ab\n".utf8))
    let command = "\(ForebayProcess.executable) log verify --data \(data)"
    let process = try TestProcess("script", ["-qec", command, "/dev/null"], in: directory)
    #expect(try process.wait(seconds: 60) == 0)
    #expect(process.output.contains(#/\r\x1B\[Klog verify  \d+ %  \d+ MiB/s  \d+ s left/#), "\(process.output)")
    #expect(process.output.contains("\r\u{1B}[K1 segment, 20000 batches, 1000000 records"))
    let quiet = try TestProcess("script", ["-qec", command + " --quiet", "/dev/null"], in: directory)
    #expect(try quiet.wait(seconds: 60) == 0)
    #expect(quiet.output.isEmpty)
  }
}

/// Publishes until it is told to stop.
private final class Publishing: Sendable {
  private let isStopped = Atomic(false)
  private let hasEnded = Atomic(false)
  private let port: Int

  init(_ forebay: ForebayProcess) {
    port = forebay.mqttPort
  }

  func start() {
    _ = NamedThread.start("publisher") { [self] in
      defer { hasEnded.store(true, ordering: .releasing) }
      guard let client = try? MQTTTestClient(port: port, clientID: "publisher") else { return }
      let message = MQTTTestClient.publish(
        topic: "a/b", payload: String(repeating: "x", count: 2000), qos: 1, identifier: 1)
      while !isStopped.load(ordering: .acquiring) {
        for _ in 0..<8 { guard (try? client.send(message)) != nil else { return } }
        for _ in 0..<8 { guard (try? client.read(milliseconds: 1000)) != nil else { return } }
      }
    }
  }

  func stop() {
    isStopped.store(true, ordering: .releasing)
    try? waitUntil("the publisher's end") { hasEnded.load(ordering: .acquiring) }
  }
}
