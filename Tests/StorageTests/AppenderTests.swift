import Bytes
import Platform
import Records
import Storage
import Support
import Testing

/// Several producers at one log.
@Suite(.timeLimit(.minutes(1))) struct AppenderTests {
  private let directory = TemporaryDirectory()
  private let disk = GatedDisk(LocalDisk())

  /// A log whose commit waits for its disk, so that what is handed over now waits, too.
  private func busyLog() throws -> Log {
    let log = try Log.open(LogConfiguration(directory: directory.path), disk: disk)
    var appender = log.makeAppender()
    disk.shut()
    append("first", to: &appender)
    disk.waitUntilSomebodyWaits()
    return log
  }

  private func append(_ payload: String, to appender: inout Appender) {
    appender.append(topic: "t".utf8.span.bytes, payload: payload.utf8.span.bytes, at: Timestamp(milliseconds: 0))
    appender.flush()
  }

  private func payloads(_ log: Log) throws -> [String] {
    var reader = log.makeReader(at: 0)
    var found: [String] = []
    while let record = try reader.next() { found.append(record.payload.text) }
    return found
  }

  @Test func `what a producer hands over during one commit is one batch, whatever others hand over meanwhile`() throws {
    let log = try busyLog()
    var a = log.makeAppender()
    var b = log.makeAppender()
    for round in 1...3 {
      append("a\(round)", to: &a)
      append("b\(round)", to: &b)
    }
    disk.open()
    try a.flushAndWait()
    try b.flushAndWait()
    #expect(try payloads(log) == ["first", "a1", "a2", "a3", "b1", "b2", "b3"])
    log.close()
  }

  @Test func `what is settled stays before what others hand over later`() throws {
    let log = try busyLog()
    var a = log.makeAppender()
    var b = log.makeAppender()
    append("a1", to: &a)
    a.settle()
    append("b1", to: &b)
    append("a2", to: &a)
    append("b2", to: &b)
    append("a3", to: &a)
    disk.open()
    try a.flushAndWait()
    try b.flushAndWait()
    #expect(try payloads(log) == ["first", "a1", "b1", "b2", "a2", "a3"])
    log.close()
  }

  @Test func `a producer is told where its records are, where it asks`() throws {
    let log = try Log.open(LogConfiguration(directory: directory.path), disk: disk, startsThreads: false)
    var a = log.makeAppender()
    var b = log.makeAppender()
    append("a0", to: &a)
    append("b0", to: &b)
    #expect(log.commitStep())
    a.append(topic: "t".utf8.span.bytes, payload: "a1".utf8.span.bytes, at: Timestamp(milliseconds: 0))
    a.notePlace()
    append("a2", to: &a)
    append("b1", to: &b)
    append("a3", to: &a)
    let places = a.places
    #expect(places.offset(of: 1) == nil)
    #expect(log.toldEnd == 2)
    #expect(log.commitStep())
    #expect(log.toldEnd == 6)
    #expect(places.offset(of: 1) == 2 && places.offset(of: 2) == 3)
    // Of a batch in which nobody asked.
    #expect(places.offset(of: 3) == nil)
    b.notePlace()
    append("b2", to: &b)
    append("a4", to: &a)
    #expect(log.commitStep())
    #expect(b.places.offset(of: 2) == 6 && a.places.offset(of: 4) == nil)
    log.close()
    _ = log.commitStep()
  }

  @Test func `producers that share the commit buffer have a part of it each`() throws {
    var configuration = LogConfiguration(directory: directory.path)
    configuration.commitBufferBytes = 10_000
    let log = try Log.open(configuration, disk: disk, startsThreads: false)
    var a = log.makeAppender(sharers: 2)
    var b = log.makeAppender(sharers: 2)
    append(String(repeating: "x", count: 6000), to: &a)
    append("y", to: &b)
    let (hasRoom, otherHasRoom) = (a.hasRoom, b.hasRoom)
    #expect(!hasRoom && otherHasRoom)
    log.close()
    _ = log.commitStep()
  }
}
