import Platform
import Records
import Storage
import Support
import Testing

/// Files that somebody has left in the data directory stop nothing; on a real disk, where a file is no directory.
struct StrayFileTests {
  private let directory = TemporaryDirectory()

  private func open() throws -> Log {
    var configuration = LogConfiguration(directory: directory.path)
    configuration.segmentBytes = 64 << 10
    return try Log.open(configuration, startsThreads: false)
  }

  @Test func `a log opens, whatever lies among its files`() throws {
    var log = try open()
    var appender = log.makeAppender()
    for index in 0..<10 {
      appender.append(
        topic: "t".utf8.span.bytes, payload: "x".utf8.span.bytes, at: Timestamp(milliseconds: Int64(index)))
    }
    appender.flush()
    #expect(log.commitStep())
    var cursor = try log.openCursor("route/siren")
    try cursor.commit(7)
    log.close()
    for path in ["cursors/notes.txt", "cursors/route/siren.bak", "log/notes.txt", "quarantine", "notes.txt"] {
      try writeBytes(directory.path + "/" + path, Array("mine".utf8))
    }
    log = try open()
    #expect(log.durableEnd == 10 && log.recoveryReport == [])
    let again = try log.openCursor("route/siren")
    #expect(again.position == 7)
    log.close()
  }

  @Test func `a check of the log names them and what to do, and calls none of them damage`() throws {
    let log = try open()
    var cursor = try log.openCursor("route/siren")
    try cursor.commit(0)
    log.close()
    let strays = ["cursors/.siren.swp", "cursors/notes.txt", "cursors/route/siren.bak", "log/notes.txt"]
    for path in strays { try writeBytes(directory.path + "/" + path, Array("mine".utf8)) }
    try LocalDisk().createDirectory(directory.path + "/cursors/route/old")
    var found: [LogFinding] = []
    var verification = try LogVerification(directory: directory.path)
    _ = try verification.run(found: { found.append($0) })
    #expect(found.map(\.file).sorted() == (strays + ["cursors/route/old"]).sorted())
    #expect(found.allSatisfy { $0.kind == .remark && $0.remedy == "remove it if you do not need it" })
    let consumers = try StoredLog(directory: directory.path).consumerPositions()
    #expect(consumers.map(\.name) == ["route/siren"])
  }
}
