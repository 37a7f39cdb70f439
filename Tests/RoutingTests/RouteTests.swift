import Bytes
import Glibc
import Platform
import Records
import Routing
import Storage
import Support
import Testing

/// Whole routes with real children, files and threads; each test waits twenty seconds at the most.
struct RouteTests {
  private let directory = TemporaryDirectory()

  private func openLog() throws -> Log {
    try Log.open(LogConfiguration(directory: directory.path + "/data"))
  }

  private func append(_ topics: [String], to log: Log) throws {
    var appender = log.makeAppender()
    for topic in topics {
      appender.append(
        topic: topic.utf8.span.bytes, payload: topic.utf8.span.bytes,
        at: Timestamp(milliseconds: SystemTime().wallMilliseconds()))
    }
    try appender.flushAndWait()
  }

  private func eventually(_ isTrue: () -> Bool) -> Bool {
    let deadline = SystemTime().monotonicNanoseconds() + 20_000_000_000
    while !isTrue() {
      guard SystemTime().monotonicNanoseconds() < deadline else { return false }
      sched_yield()
    }
    return true
  }

  private func configuration(_ handler: HandlerConfiguration) -> RouteConfiguration {
    var configuration = RouteConfiguration(name: "r", topics: ["in/#"], handler: handler)
    configuration.retry.firstMilliseconds = 1
    configuration.retry.longestMilliseconds = 5
    return configuration
  }

  private func lines(_ name: String) -> [String] {
    guard let bytes = try? FileSystem.read(directory.path + "/" + name) else { return [] }
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
  }

  @Test func `a route delivers what is there and what comes, and goes on where it was`() throws {
    let file = configuration(.file(FileConfiguration(path: directory.path + "/out")))
    var log = try openLog()
    try append(["in/1", "x", "in/2"], to: log)
    for round in 0..<2 {
      let route = try Route.start(file, log: log)
      try append(["in/\(3 + round)"], to: log)
      #expect(eventually { route.status.lag == 0 })
      route.stop()
      route.stop()
      #expect(route.status.state == "stopped")
      #expect(route.status.delivered == (round == 0 ? 3 : 1))
      log.close()
      log = try openLog()
    }
    #expect(lines("out").map { RowScanner.offset(of: Array($0.utf8)) } == [0, 2, 3, 4])
  }

  @Test func `a child that fails on one record gets the rest, and the record is in the dead letters`() throws {
    let script =
      "while read -r l; do case $l in *in/bad*) echo error: no sensor;; *) echo \"$l\" >>$0/got; echo ok;; esac; done"
    let log = try openLog()
    let route = try Route.start(
      configuration(.exec(ExecConfiguration(command: ["sh", "-c", script, directory.path]))), log: log)
    try append(["in/1", "in/bad", "in/3"], to: log)
    #expect(eventually { route.status.lag == 0 && route.status.deadLettered == 1 })
    route.stop()
    #expect(lines("got").count == 2)
    var reader = log.makeReader(at: 3)
    let letter = try #require(try reader.next()?.copy)
    #expect(letter.view.header(RecordHeaderKey.reason) == "no sensor")
    #expect(letter.view.header(RecordHeaderKey.attempts) == "8")
    log.close()
  }

  @Test func `a child that crashes often loses nothing`() throws {
    let log = try openLog()
    let script = "read -r l; echo \"$l\" >>$0/got; echo ok; read -r l; echo \"$l\" >>$0/got; echo ok; exit 1"
    let route = try Route.start(
      configuration(.exec(ExecConfiguration(command: ["sh", "-c", script, directory.path]))), log: log)
    try append((0..<50).map { "in/\($0)" }, to: log)
    #expect(eventually { route.status.lag == 0 })
    route.stop()
    #expect(lines("got").count == 50)
    #expect(route.status.deadLettered == 0)
    log.close()
  }

  @Test func `a program that appears later gets everything`() throws {
    let log = try openLog()
    let program = directory.path + "/later"
    let route = try Route.start(configuration(.exec(ExecConfiguration(command: [program]))), log: log)
    try append(["in/1", "in/2"], to: log)
    #expect(eventually { route.status.retries > 10 })
    #expect(route.status.lastError == "cannot start \(program): No such file or directory")
    #expect(route.status.deadLettered == 0)
    #expect(symlink("/bin/cat", program) == 0)
    #expect(eventually { route.status.delivered == 2 })
    #expect(route.status.lastError == nil)
    route.stop()
    log.close()
  }

  @Test func `a stop does not wait for a child that hangs longer than it must`() throws {
    let log = try openLog()
    let script = "trap '' TERM; cat >/dev/null"
    let route = try Route.start(
      configuration(.exec(ExecConfiguration(command: ["sh", "-c", script]))), log: log)
    try append(["in/1"], to: log)
    #expect(eventually { route.status.state == "delivering" })
    let start = SystemTime().monotonicNanoseconds()
    route.stop()
    // The child ends with its input.
    #expect(SystemTime().monotonicNanoseconds() - start < 4_000_000_000)
    #expect(route.status.position == 0)
    log.close()
  }
}

extension RowScanner {
  fileprivate static func offset(of row: [UInt8]) -> Offset? { offset(of: row.span.bytes, .ndjson) }
}
