import Glibc
import Support
import Testing

/// What the real daemon did to its disk under load, replayed up to a power cut at hundreds of points: everything it had
/// acknowledged by then is found by the program that is started afterwards.
@Suite(.serialized) struct PowerLossTests {
  private static let messages = 1800
  private static let cuts = 200

  @Test(.timeLimit(.minutes(2)))
  func `what was acknowledged before a power cut is there after it`() throws {
    let directory = TemporaryDirectory()
    let trace = try TracedDaemon(in: directory).run(messages: Self.messages)
    let disk = trace.disk
    let lines = Set(disk.lines).union(trace.messages.acknowledged.values).sorted()
    #expect(trace.messages.acknowledged.count == Self.messages)
    let dropped = disk.emptied.keys.filter { $0.hasSuffix(".log") }
    #expect(dropped.count > 1, "no segment was dropped")
    #expect(disk.sealed > 1, "no segment was sealed")
    var random = SeededGenerator(seed: 4)
    let cuts = (0..<Self.cuts).map { (line: lines[lines.count * $0 / Self.cuts], seed: random.next()) }
    for pair in stride(from: 0, to: cuts.count, by: 2) {
      // Two at a time, one for each core.
      let boxes = try cuts[pair..<(pair + 2)].map { try Box(trace, line: $0.line, seed: $0.seed) }
      for box in boxes { try box.expectAcknowledged() }
      if pair % 20 == 0 { try boxes[0].expectToStart() }
    }
  }

  /// A data directory as a power cut has left it, and the program that looks at it.
  private struct Box {
    private let directory = TemporaryDirectory()
    private let query: TestProcess
    private let expected: Set<Int>
    private let name: String

    init(_ trace: TracedDaemon.Trace, line: Int, seed: UInt64) throws {
      name = "power cut in line \(line) of \(trace.lines), seed \(seed)"
      let files = trace.disk.afterPowerCut(in: line, seed: seed)
      try mkdirs(directory.path + "/data/log")
      for (path, bytes) in files {
        let target = directory.path + "/data/" + path
        try mkdirs(String(target[..<target.lastIndex(of: "/")!]))
        try write(bytes, to: target)
      }
      expected = trace.expected(in: line)
      query = try Self.query(in: directory)
    }

    private static func query(in directory: TemporaryDirectory) throws -> TestProcess {
      try TestProcess(
        ForebayProcess.executable, ["query", "load", "--format", "csv", "--data", directory.path + "/data"],
        in: directory)
    }

    /// Every message that was acknowledged is found, and none twice.
    func expectAcknowledged() throws {
      try expectAcknowledged(query, "seen from outside")
    }

    private func expectAcknowledged(_ query: TestProcess, _ how: String) throws {
      _ = try query.wait()
      let found = query.output.split(separator: "\n").dropFirst().compactMap(Self.number)
      #expect(Set(found).count == found.count, "\(name), \(how): twice")
      let missing = expected.subtracting(found)
      #expect(missing.isEmpty, "\(name), \(how): \(missing.count) lost, the first \(missing.min() ?? -1)")
    }

    /// The daemon starts on it, finds the same, and leaves a log without damage.
    func expectToStart() throws {
      let forebay = try ForebayProcess(in: directory)
      try expectAcknowledged(try Self.query(in: directory), "with the daemon")
      try forebay.stop()
      let verification = try forebay.command("log", "verify")
      #expect(verification.contains("no damage"), "\(name): \(verification)")
    }

    /// Of the line of a message, whose payload comes last.
    private static func number(_ line: Substring) -> Int? {
      let bytes = line.utf8
      guard let comma = bytes.lastIndex(of: UInt8(ascii: ",")) else { return nil }
      return Int(line[bytes.index(after: comma)...].dropFirst(7).prefix(6))
    }
  }
}

private func mkdirs(_ path: String) throws {
  if mkdir(path, 0o700) == 0 || errno == EEXIST { return }
  try mkdirs(String(path[..<path.lastIndex(of: "/")!]))
  guard mkdir(path, 0o700) == 0 else { throw TestFailure("mkdir \(path)") }
}

private func write(_ bytes: [UInt8], to path: String) throws {
  guard let file = fopen(path, "w") else { throw TestFailure("cannot write \(path)") }
  defer { fclose(file) }
  guard fwrite(bytes, 1, bytes.count, file) == bytes.count else { throw TestFailure("cannot write \(path)") }
}
