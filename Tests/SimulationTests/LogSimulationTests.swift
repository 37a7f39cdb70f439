import Bytes
import Glibc
import Records
import Storage
import Support
import Testing

/// `FOREBAY_SIMULATION_SEEDS=5000` runs more; `FOREBAY_SIMULATION_SEED=17` replays one.
struct LogSimulationTests {
  @Test func `acknowledged means on disk, whenever the power fails`() {
    var powerCuts = 0
    for seed in Self.seeds {
      do {
        var simulation = try LogSimulation(seed: seed)
        try simulation.run(powerCuts: 10)
        powerCuts += simulation.powerCuts
      } catch {
        Issue.record(
          "seed \(seed): \(error); replay: FOREBAY_SIMULATION_SEED=\(seed) swift test --filter LogSimulationTests")
        return
      }
    }
    print("\(powerCuts) power cuts")
    #expect(powerCuts >= Self.seeds.count * 10)
  }

  /// The whole life of a small log, with the power cut behind every single one of its disk operations.
  @Test func `the promise holds with the power cut after every operation`() throws {
    var operation = 1
    while true {
      let disk = FaultyDisk()
      disk.crash(afterOperation: operation)
      let life = OneLife(disk)
      life.run()
      let isWhole = !disk.hasCrashed
      disk.powerCycle(seed: UInt64(operation))
      try life.check("after operation \(operation)")
      if isWhole { break }
      operation += 1
    }
    #expect(operation > 100)
  }

  /// The same life with one operation failing, and with every operation failing from there on.
  @Test(arguments: [(5, "EIO"), (28, "ENOSPC")])
  func `the promise holds with every operation failing in turn`(errno: Int32, name: String) throws {
    var operation = 1
    while true {
      let disk = FaultyDisk()
      disk.setFault(.once(at: operation, errno: errno))
      let life = OneLife(disk)
      life.run()
      let isWhole = disk.operations < operation
      disk.setFault(nil)
      life.end()
      try life.check("\(name) at operation \(operation)")
      if isWhole { break }
      operation += 1
    }
    #expect(operation > 100)
  }

  private static var seeds: Range<UInt64> {
    if let seed = getenv("FOREBAY_SIMULATION_SEED").flatMap({ UInt64(String(cString: $0)) }) {
      return seed..<(seed + 1)
    }
    let count = getenv("FOREBAY_SIMULATION_SEEDS").flatMap { UInt64(String(cString: $0)) } ?? 300
    return 1..<(count + 1)
  }
}

/// A short life: open, append and commit over several segments, move a cursor, close, open again, append.
private final class OneLife {
  private let disk: FaultyDisk
  private let time = ManualTime()
  private var acknowledged: [Int] = []
  private var log: Log?

  init(_ disk: FaultyDisk) {
    self.disk = disk
  }

  func run() {
    var number = 0
    for _ in 0..<2 {
      guard let log = try? open() else { return }
      self.log = log
      var appender = log.makeAppender()
      for _ in 0..<12 {
        let payload = "\(number)" + String(repeating: "x", count: 300)
        appender.append(
          topic: "t".utf8.span.bytes, payload: payload.utf8.span.bytes,
          at: Timestamp(milliseconds: time.wallMilliseconds()))
        appender.flush()
        guard log.commitStep() else { return }
        if appender.durableTickets == appender.appendedTickets { acknowledged.append(number) }
        number += 1
        if number % 4 == 0, var cursor = try? log.openCursor("route/r") { try? cursor.commit(log.durableEnd) }
      }
      end()
    }
  }

  func end() {
    log?.close()
    log = nil
  }

  func check(_ when: String) throws {
    log = nil
    let log = try open()
    var reader = log.makeReader(at: 0)
    var found: [Int] = []
    while let record = try reader.next() {
      if record.topic.text != Topic.gap { found.append(Int(record.payload.text.prefix { $0 != "x" })!) }
    }
    // Records that retention took to make room, on a full disk, are the oldest and nothing else.
    let kept = acknowledged.drop { log.startOffset > 0 && $0 < found[0] }
    #expect(Set(found).count == found.count, "\(when): twice")
    #expect(found.filter { kept.contains($0) } == Array(kept), "\(when)")
    #expect(acknowledged.count - kept.count <= Int(log.startOffset), "\(when)")
    let cursor = try log.openCursor("route/r")
    #expect(cursor.position <= log.durableEnd, "\(when)")
  }

  private func open() throws -> Log {
    var configuration = LogConfiguration(directory: "/data")
    configuration.segmentBytes = 2048
    return try Log.open(configuration, disk: disk, time: time, startsThreads: false)
  }
}
