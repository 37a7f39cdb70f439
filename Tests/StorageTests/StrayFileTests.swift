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
}
