import Bytes
import Platform
import Query
import Records
import Storage
import Support
import Testing

struct QueryTests {
  private let disk = FaultyDisk()
  private let time = ManualTime(wallMilliseconds: 1_000_000)

  /// A log of records a second apart, a batch each, in several segments.
  private func makeLog(_ topics: [String], payloadBytes: Int = 1) throws -> Log {
    var configuration = LogConfiguration(directory: "/data")
    configuration.segmentBytes = 64 << 10
    let log = try Log.open(configuration, disk: disk, time: time, startsThreads: false)
    var appender = log.makeAppender()
    let payload = [UInt8](repeating: UInt8(ascii: "1"), count: payloadBytes)
    for topic in topics {
      appender.append(
        topic: topic.utf8.span.bytes, payload: payload.span.bytes,
        at: Timestamp(milliseconds: time.wallMilliseconds()))
      appender.flush()
      _ = log.commitStep()
      time.advance(milliseconds: 1000)
    }
    return log
  }

  private func offsets(_ query: Query, _ reader: consuming LogReader, before end: Offset = .max) throws -> [Offset] {
    var found: [Offset] = []
    while let record = try query.next(from: &reader, before: end) { found.append(record.offset) }
    return found
  }

  private func query(_ filters: [String] = [], since: Int64? = nil, until: Int64? = nil) throws -> Query {
    var query = Query()
    query.filters = try filters.map { try TopicFilter($0) }
    query.since = since.map { Timestamp(milliseconds: $0) }
    query.until = until.map { Timestamp(milliseconds: $0) }
    return query
  }

  @Test func `what is wanted comes in log order, from the daemon and from outside`() throws {
    let log = try makeLog(["a/t", "b/t", "$forebay/gap", "a/t", "c"])
    let stored = try StoredLog(directory: "/data", disk: disk)
    let rows: [(String, Query, [Offset])] = [
      ("everything", try query(), [0, 1, 2, 3, 4]),
      ("one filter", try query(["a/#"]), [0, 3]),
      ("any of two", try query(["+/t", "c"]), [0, 1, 3, 4]),
      ("a wildcard passes over our own", try query(["#"]), [0, 1, 3, 4]),
      ("our own by name", try query(["$forebay/#"]), [2]),
      ("since is inclusive", try query(since: 1_003_000), [3, 4]),
      ("until is exclusive", try query(until: 1_003_000), [0, 1, 2]),
      ("all at once", try query(["+/t"], since: 1_001_000, until: 1_003_000), [1]),
      ("nothing", try query(["nobody"]), []),
    ]
    for (name, query, expected) in rows {
      #expect(try offsets(query, log.makeReader(at: 0)) == expected, "\(name)")
      #expect(try offsets(query, stored.makeReader(at: 0)) == expected, "\(name)")
    }
  }

  @Test func `a scan ends where it is told, whatever comes behind`() throws {
    let log = try makeLog(["a", "b", "c", "d"])
    #expect(try offsets(Query(), log.makeReader(at: 1), before: 3) == [1, 2])
    #expect(try offsets(Query(), log.makeReader(at: 3), before: 3) == [])
  }

  @Test func `a clock that was set back hides nothing`() throws {
    let log = try makeLog(["a", "b"])
    time.jump(milliseconds: -500_000)
    var appender = log.makeAppender()
    appender.append(topic: "c".utf8.span.bytes, payload: "1".utf8.span.bytes, at: Timestamp(milliseconds: 500_000))
    appender.append(topic: "d".utf8.span.bytes, payload: "1".utf8.span.bytes, at: Timestamp(milliseconds: 1_000_000))
    appender.flush()
    _ = log.commitStep()
    #expect(try offsets(query(since: 1_000_000), log.makeReader(at: 0)) == [0, 1, 3])
    #expect(try offsets(query(until: 1_000_000), log.makeReader(at: 0)) == [2])
  }

  @Test func `the newest are found over several segments`() throws {
    // About 3 records of 20 KiB a segment; every third matches.
    let log = try makeLog((0..<30).map { $0 % 3 == 0 ? "wanted" : "other" }, payloadBytes: 20 << 10)
    #expect(log.segments.count > 5)
    let stored = try StoredLog(directory: "/data", disk: disk)
    for count in 1...10 {
      let first = try query(["wanted"]).startOfNewest(count, in: stored)
      #expect(first == Offset(30 - 3 * count))
    }
    #expect(try query(["wanted"]).startOfNewest(11, in: stored) == 0)
    #expect(try Query().startOfNewest(1, in: stored) == 29)
    #expect(try query(["wanted"], until: 1_010_000).startOfNewest(1, in: stored) == 9)
    #expect(try query(["nobody"]).startOfNewest(1, in: stored) == 0)
  }

  @Test func `a reader that has come to the end sees what comes later`() throws {
    let log = try makeLog(["a"])
    let stored = try StoredLog(directory: "/data", disk: disk)
    let query = try query(["a"])
    var reader = stored.makeReader(at: 0)
    var found: [Offset] = []
    for _ in 0..<3 {
      while let record = try query.next(from: &reader) { found.append(record.offset) }
      var appender = log.makeAppender()
      appender.append(topic: "a".utf8.span.bytes, payload: "1".utf8.span.bytes, at: Timestamp(milliseconds: 1))
      appender.flush()
      _ = log.commitStep()
    }
    #expect(found == [0, 1, 2])
  }
}
