import Bytes
import Platform
import Records
import Routing
import Storage
import Support
import Testing

struct FileHandlerTests {
  private let bench: Bench
  private var configuration = FileConfiguration(path: "/out/log.ndjson")

  init() throws {
    bench = try Bench()
    try bench.disk.createDirectory("/out")
    try bench.disk.syncDirectory("/")
  }

  private func makeHandler(_ configuration: FileConfiguration? = nil) -> FileHandler {
    FileHandler(configuration ?? self.configuration, log: bench.log, disk: bench.disk)
  }

  private func deliver(_ range: Range<Offset>, to handler: FileHandler) throws -> DeliveryOutcome {
    handler.deliver(try batch(range), until: try StopRequest())
  }

  private func batch(_ range: Range<Offset>) throws -> DeliveryBatch {
    var reader = bench.log.makeReader(at: range.lowerBound)
    var batch = DeliveryBatch()
    while batch.count < range.count, let record = try reader.next() { batch.append(record) }
    return batch
  }

  /// The rows of every file, oldest first.
  private func allRows() -> [Offset] {
    (1...9).reversed().flatMap { rows("\(configuration.path).\($0)") } + rows()
  }

  private func text(_ path: String = "/out/log.ndjson") -> String? {
    bench.disk.contents(path).map { String(decoding: $0, as: UTF8.self) }
  }

  private func rows(_ path: String = "/out/log.ndjson") -> [Offset] {
    (text(path) ?? "").split(separator: "\n").compactMap {
      offset(ofRow: String($0))
    }
  }

  private func offset(ofRow row: String) -> Offset? {
    let bytes = Array(row.utf8)
    return RowScanner.offset(of: bytes.span.bytes, configuration.format)
  }

  private func append(_ count: Int, payload: String = "1") {
    bench.append([String](repeating: "t", count: count), payload: payload)
  }

  private func row(_ offset: Offset) throws -> String {
    var writer = ByteWriter()
    let record = try bench.records()[Int(offset)]
    RecordJSON.append(record.view, to: &writer)
    return writer.bytes.text + "\n"
  }

  @Test func `a row a record, synced when it is accepted`() throws {
    append(5)
    let handler = makeHandler()
    #expect(try deliver(0..<2, to: handler) == DeliveryOutcome(accepted: 2))
    #expect(try deliver(2..<5, to: handler) == DeliveryOutcome(accepted: 3))
    bench.disk.powerCycle(seed: 1)
    #expect(rows() == [0, 1, 2, 3, 4])
    #expect(text()?.hasPrefix(try row(0)) == true)
  }

  @Test func `CSV begins with its header, also behind each rotation`() throws {
    var csv = FileConfiguration(path: "/out/log.csv")
    csv.format = .csv
    csv.maxBytes = 120
    append(3, payload: "a,b\nc")
    #expect(try deliver(0..<3, to: makeHandler(csv)) == DeliveryOutcome(accepted: 3))
    let time = Timestamp(milliseconds: bench.time.wallMilliseconds()).rfc3339
    func row(_ offset: Int) -> String { "\(offset),\(time),t,,\"a,b\nc\"\n" }
    #expect(text("/out/log.csv.1") == RecordCSV.header + "\n" + row(0) + row(1))
    #expect(text("/out/log.csv") == RecordCSV.header + "\n" + row(2))
  }

  @Test func `the file is set aside before it would grow past its limit, and the oldest goes`() throws {
    append(10)
    var small = configuration
    small.maxBytes = try row(0).utf8.count * 2
    small.keep = 3
    let handler = makeHandler(small)
    #expect(try deliver(0..<10, to: handler) == DeliveryOutcome(accepted: 10))
    #expect(rows() == [8, 9])
    #expect(rows("/out/log.ndjson.1") == [6, 7])
    #expect(rows("/out/log.ndjson.2") == [4, 5])
    #expect(rows("/out/log.ndjson.3") == [2, 3])
    #expect(bench.disk.contents("/out/log.ndjson.4") == nil)
    small.keep = 0
    append(2)
    small.maxBytes = try row(10).utf8.count * 2
    #expect(try deliver(10..<12, to: makeHandler(small)) == DeliveryOutcome(accepted: 2))
    #expect(rows() == [10, 11])
    #expect(rows("/out/log.ndjson.1") == [6, 7])
  }

  @Test func `a row larger than the limit has a file to itself`() throws {
    append(3)
    var tiny = configuration
    tiny.maxBytes = 1
    #expect(try deliver(0..<3, to: makeHandler(tiny)) == DeliveryOutcome(accepted: 3))
    #expect([rows(), rows("/out/log.ndjson.1"), rows("/out/log.ndjson.2")] == [[2], [1], [0]])
  }

  @Test func `after a restart rows that are there do not come again`() throws {
    append(6)
    _ = try deliver(0..<4, to: makeHandler())
    #expect(try deliver(2..<6, to: makeHandler()) == DeliveryOutcome(accepted: 4))
    #expect(rows() == [0, 1, 2, 3, 4, 5])
  }

  @Test func `after a restart just behind a rotation, too`() throws {
    append(4)
    _ = try deliver(0..<2, to: makeHandler())
    try bench.disk.rename("/out/log.ndjson", to: "/out/log.ndjson.1")
    #expect(try deliver(0..<4, to: makeHandler()) == DeliveryOutcome(accepted: 4))
    #expect(rows() == [2, 3])
  }

  @Test func `rows of another log are not taken for rows of this one`() throws {
    append(3)
    let other = try row(2).replacingTime()
    bench.disk.overwrite("/out/log.ndjson", Array(other.utf8))
    #expect(try deliver(0..<3, to: makeHandler()) == DeliveryOutcome(accepted: 3))
    #expect(rows() == [2, 0, 1, 2])
  }

  @Test(arguments: [
    ("a torn row is cut off", #"{"offset":1,"ti"#, ""), ("its first bytes", "{\"off", ""), ("zeros", "\0\0\0", ""),
    ("somebody else's line is ended", "# notes", "# notes\n"), ("another object", #"{"a":1"#, "{\"a\":1\n"),
  ])
  func `what a crash leaves behind the last row`(name: String, tail: String, kept: String) throws {
    append(3)
    bench.disk.overwrite("/out/log.ndjson", Array((try row(0) + tail).utf8))
    #expect(try deliver(0..<3, to: makeHandler()) == DeliveryOutcome(accepted: 3), "\(name)")
    let wanted = try row(0) + kept + row(1) + row(2)
    #expect(text() == wanted)
  }

  @Test(arguments: [
    (
      "a quoted newline is no row's end", "offset,time,topic,source,payload\n7,2023-11-14T22:13:20.000Z,t,,\"a\n8,x",
      33..<33
    ),
    ("the last whole row", "1,\"a\nb\"\n2,c\n3", 8..<12), ("none", "1", 0..<0),
  ])
  func `rows of CSV`(name: String, text: String, lastRow: Range<Int>) {
    for cut in 0...text.utf8.count {
      var scanner = RowScanner(.csv)
      let bytes = Array(text.utf8)
      let pieces = [Array(bytes[..<cut]), Array(bytes[cut...])]
      for piece in pieces { scanner.scan(piece.span.bytes) }
      #expect(scanner.lastRow.upperBound == lastRow.upperBound, "\(name)")
      #expect(lastRow.isEmpty || scanner.lastRow == lastRow)
    }
  }

  @Test func `what the disk refuses is the fault of the handler, and nothing is lost or doubled by it`() throws {
    append(6)
    var small = configuration
    small.maxBytes = try row(0).utf8.count * 2
    // Fails each operation in turn, until a delivery has none left to fail.
    var failed = 0
    for operation in 1... {
      for name in try bench.disk.list("/out") { try bench.disk.remove("/out/" + name) }
      let handler = makeHandler(small)
      let batch = try batch(0..<6)
      bench.disk.setFault(.once(at: bench.disk.operations + operation, errno: 28))
      let outcome = handler.deliver(batch, until: try StopRequest())
      bench.disk.setFault(nil)
      guard outcome.problem != nil else { break }
      failed += 1
      guard case .handler = outcome.problem else {
        Issue.record("operation \(operation): \(outcome)")
        return
      }
      #expect(try deliver(0..<6, to: handler) == DeliveryOutcome(accepted: 6), "operation \(operation)")
      #expect(allRows() == [0, 1, 2, 3, 4, 5], "operation \(operation)")
    }
    #expect(failed > 10)
  }

  @Test func `a power cut anywhere loses nothing that was accepted and tears nothing`() throws {
    for operation in 1...60 {
      for seed in 0..<2 as Range<UInt64> {
        let test = try FileHandlerTests()
        test.append(6)
        var small = configuration
        small.maxBytes = try test.row(0).utf8.count * 2
        var accepted = 0
        let handler = test.makeHandler(small)
        test.bench.disk.crash(afterOperation: test.bench.disk.operations + operation)
        while accepted < 6, !test.bench.disk.hasCrashed {
          // The log itself is read through the same disk.
          guard let outcome = try? test.deliver(Offset(accepted)..<Offset(accepted + 2), to: handler) else { break }
          accepted += outcome.accepted
        }
        test.bench.disk.powerCycle(seed: seed)
        let again = test.makeHandler(small)
        #expect(try test.deliver(Offset(accepted)..<6, to: again).accepted == 6 - accepted || accepted == 6)
        let found = test.allRows()
        #expect(found.filter { $0 < accepted } == Array(0..<Offset(accepted)), "operation \(operation), seed \(seed)")
        #expect(found == [0, 1, 2, 3, 4, 5], "operation \(operation), seed \(seed)")
      }
    }
  }

  @Test func `a directory that is missing is the fault of the handler until it is there`() throws {
    append(1)
    let directory = TemporaryDirectory()
    let path = directory.path + "/later/log"
    let handler = FileHandler(FileConfiguration(path: path), log: bench.log, disk: LocalDisk())
    #expect(
      try deliver(0..<1, to: handler)
        == DeliveryOutcome(accepted: 0, problem: .handler("open \(path): No such file or directory")))
    try LocalDisk().createDirectory(directory.path + "/later")
    #expect(try deliver(0..<1, to: handler) == DeliveryOutcome(accepted: 1))
  }

  @Test func `a file that is moved away is begun again`() throws {
    append(3)
    let handler = makeHandler()
    _ = try deliver(0..<2, to: handler)
    try bench.disk.rename("/out/log.ndjson", to: "/out/log.old")
    #expect(try deliver(2..<3, to: handler) == DeliveryOutcome(accepted: 1))
    #expect(rows("/out/log.old") == [0, 1])
    #expect(rows() == [2])
  }
}

extension String {
  /// The same row with another time in it.
  fileprivate func replacingTime() -> String {
    String(decoding: utf8.map { $0 == UInt8(ascii: "T") ? UInt8(ascii: "t") : $0 }, as: UTF8.self)
  }
}
