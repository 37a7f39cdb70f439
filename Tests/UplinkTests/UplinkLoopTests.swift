import Glibc
import Platform
import Records
import Storage
import Support
import Testing
import Uplink

/// The shipment's life against a scripted far side and a disk that loses power, by seed.
/// `FOREBAY_UPLINK_SEED=17` replays one.
struct UplinkLoopTests {
  @Test(arguments: FarSide.Memory.allCases, [1, 2, 5])
  func `everything arrives in order, once where the far side can tell`(memory: FarSide.Memory, window: Int) throws {
    try simulate(memory, window, .strict)
  }

  @Test(arguments: FarSide.Memory.allCases, [1, 2, 5])
  func `fresh records and the backlog arrive, each in order, once where the far side can tell`(
    memory: FarSide.Memory, window: Int
  ) throws {
    try simulate(memory, window, .freshFirst)
  }

  private func simulate(_ memory: FarSide.Memory, _ window: Int, _ order: UplinkOrdering) throws {
    for seed in Self.seeds {
      do {
        try simulate(seed, memory, window, order)
      } catch {
        Issue.record("seed \(seed): \(error); replay: FOREBAY_UPLINK_SEED=\(seed) swift test --filter UplinkLoopTests")
        return
      }
    }
  }

  private static var seeds: ClosedRange<UInt64> {
    if let seed = getenv("FOREBAY_UPLINK_SEED").flatMap({ UInt64(String(cString: $0)) }) { return seed...seed }
    return 1...60
  }

  private func simulate(_ seed: UInt64, _ memory: FarSide.Memory, _ window: Int, _ order: UplinkOrdering) throws {
    var random = SeededGenerator(seed: seed)
    let farSide = FarSide(seed: seed &* 31, memory: memory)
    let log = try TestLog()
    var loop = try makeLoop(log, farSide, window: window, order)
    var appended = 0
    for step in 0..<600 {
      if step == 400 { farSide.trouble = 0 }
      if step < 300, random.oneIn(3) {
        let count = 1 + random.below(40)
        try log.append(appended..<(appended + count)) { $0 % 5 == 0 ? "other" : "plant/\($0 % 7)" }
        appended += count
      }
      _ = loop.turn()
      loop.work(isReadable: true)
      log.time.advance(milliseconds: random.below(3000))
      if step < 400, random.oneIn(25) {
        try log.crash(seed: random.next())
        // The setting may be another one by then.
        let next: UplinkOrdering = order == .strict ? .strict : random.oneIn(4) ? .strict : .freshFirst
        loop = try makeLoop(log, farSide, window: window, next)
      }
    }
    let expected = (0..<appended).filter { $0 % 5 != 0 }
    try check(farSide, expected: expected, order)
    guard memory == .none || farSide.records.count == expected.count else {
      throw TestFailure("\(farSide.records.count - expected.count) records are there twice")
    }
    let cursor = try log.log.openCursor("uplink/u")
    guard cursor.note.isEmpty else { throw TestFailure("a shipment is still noted") }
  }

  @Test func `a shipment that cannot be noted is not sent, and the place is not lost`() throws {
    let log = try TestLog()
    let farSide = FarSide(seed: 1)
    farSide.trouble = 0
    try log.append(0..<40) { _ in "plant/1" }
    let shared = try Uplink.Shared(UplinkStatus())
    let loop = try makeLoop(log, farSide, shared)
    // The connection, and the first shipment on its way.
    _ = loop.turn()
    loop.work(isReadable: true)
    log.disk.setFault(.writes(errno: 28))
    loop.work(isReadable: true)
    #expect(farSide.records.count == 16)
    for _ in 0..<100 {
      loop.work(isReadable: true)
      _ = loop.turn()
      log.time.advance(milliseconds: 500)
    }
    // Confirmed in the meantime, and neither sent again nor gone past.
    #expect(farSide.records.count == 16)
    #expect((5...12).contains(loop.currentStatus.saveFailures))
    #expect(loop.currentStatus.position == 16)
    #expect(loop.currentStatus.retries == 0)
    log.disk.setFault(nil)
    for _ in 0..<40 {
      loop.work(isReadable: true)
      _ = loop.turn()
      log.time.advance(milliseconds: 500)
    }
    try check(farSide, expected: Array(0..<40))
    #expect(farSide.records.count == 40)
  }

  private func makeLoop(
    _ log: TestLog, _ farSide: FarSide, _ shared: Uplink.Shared? = nil, window: Int = 1,
    _ order: UplinkOrdering = .strict
  ) throws -> UplinkLoop {
    var configuration = UplinkConfiguration(name: "u", target: .mqtt(MQTTTargetConfiguration(host: "none")))
    configuration.shipmentRecords = 16
    configuration.order = order
    return UplinkLoop(
      configuration, filters: [try TopicFilter("plant/#")], target: ScriptedTarget(farSide, window: window),
      shared: try shared ?? Uplink.Shared(UplinkStatus()), log: log.log, cursor: try log.log.openCursor("uplink/u"),
      time: log.time, backoff: Backoff(random: { 200 }))
  }

  private func check(_ farSide: FarSide, expected: [Int], _ order: UplinkOrdering = .strict) throws {
    var seen = Set<Offset>()
    let firsts = farSide.records.filter { seen.insert($0.offset).inserted }
    let arrived = order == .strict ? firsts : firsts.sorted { $0.offset < $1.offset }
    guard arrived.map(\.payload) == expected.map({ "\($0)" }) else {
      throw TestFailure("\(firsts.count) of \(expected.count) records arrived, or not in order")
    }
    for lane in [Lane.live, .backlog] {
      let offsets = firsts.filter { $0.lane == lane }.map(\.offset)
      guard zip(offsets, offsets.dropFirst()).allSatisfy({ $0 < $1 }) else {
        throw TestFailure("the \(lane) lane is not in order")
      }
      guard order == .freshFirst || lane == .live || offsets.isEmpty else {
        throw TestFailure("something was left behind")
      }
    }
    // A shipment is cut once: the same start is the same bytes, and different shipments do not overlap.
    var byFirst: [Offset: [UInt8]] = [:]
    for shipment in farSide.arrived {
      guard byFirst[shipment.first, default: shipment.bytes] == shipment.bytes else {
        throw TestFailure("the shipment at \(shipment.first) came again with other bytes")
      }
      byFirst[shipment.first] = shipment.bytes
    }
    var offsetsByPayload: [String: Offset] = [:]
    for record in farSide.records {
      guard offsetsByPayload[record.payload, default: record.offset] == record.offset else {
        throw TestFailure("record \(record.payload) came under two identities")
      }
      offsetsByPayload[record.payload] = record.offset
    }
  }

  @Test func `a far side that takes no connection is tried again after longer and longer`() throws {
    let log = try TestLog()
    let farSide = FarSide(seed: 1)
    farSide.trouble = 1
    try log.append(0..<10) { _ in "plant/1" }
    let loop = try makeLoop(log, farSide)
    let waits = (0..<9).map { _ in
      // The first call fails to connect, the second tells how long to wait.
      _ = loop.turn()
      let wait = loop.turn()
      log.time.advance(milliseconds: wait)
      return wait / 1000
    }
    #expect(waits == [1, 2, 4, 8, 16, 32, 60, 60, 60])
  }

  @Test func `records that trickle in are gathered, and the first behind a silence goes at once`() throws {
    let log = try TestLog()
    let farSide = FarSide(seed: 1)
    farSide.trouble = 0
    let loop = try makeLoop(log, farSide)
    // A record every 10 ms for a second, after a silence.
    log.time.advance(milliseconds: 5000)
    var arrived: [Int] = []
    for number in 0..<100 {
      try log.append(number..<(number + 1)) { _ in "plant/1" }
      for _ in 0..<3 {
        _ = loop.turn()
        loop.work(isReadable: true)
      }
      arrived.append(farSide.records.count)
      log.time.advance(milliseconds: 10)
    }
    #expect(arrived[0] == 1 && arrived[9] == 1 && arrived[10] == 11)
    #expect((10...12).contains(loop.currentStatus.shipments))
    // What is gathered has its time, and the loop wakes up for it.
    _ = loop.turn()
    loop.work(isReadable: true)
    try log.append(100..<101) { _ in "plant/1" }
    let wait = loop.turn()
    #expect(wait > 0 && wait <= 101)
    log.time.advance(milliseconds: wait)
    for _ in 0..<2 {
      _ = loop.turn()
      loop.work(isReadable: true)
    }
    try check(farSide, expected: Array(0..<101))
    // What fills a shipment does not wait.
    try log.append(101..<120) { _ in "plant/1" }
    _ = loop.turn()
    loop.work(isReadable: true)
    #expect(farSide.records.count == 117)
  }

  @Test func `who is told to try again does not hold on to a connection that is stuck`() throws {
    let log = try TestLog()
    try log.append(0..<10) { _ in "plant/1" }
    let target = SilentTarget()
    let shared = try Uplink.Shared(UplinkStatus())
    let uplink = UplinkConfiguration(name: "u", target: .mqtt(MQTTTargetConfiguration(host: "none")))
    let loop = UplinkLoop(
      uplink, filters: [try TopicFilter("#")], target: target, shared: shared, log: log.log,
      cursor: try log.log.openCursor("uplink/u"), time: log.time, backoff: Backoff(random: { 200 }))
    func run(milliseconds: Int) {
      for _ in 0..<(milliseconds / 100) {
        _ = loop.turn()
        loop.work(isReadable: false)
        log.time.advance(milliseconds: 100)
      }
    }
    run(milliseconds: 1500)
    shared.order { $0.retriesAtOnce = true }
    run(milliseconds: 200)
    // It may yet answer.
    #expect(target.sent == 1 && target.disconnects == 0)
    run(milliseconds: 1000)
    shared.order { $0.retriesAtOnce = true }
    run(milliseconds: 200)
    #expect(target.sent == 2 && target.disconnects == 1 && loop.currentStatus.retries == 1)
    // The same with one that is not there yet.
    target.isReady = false
    run(milliseconds: 2500)
    shared.order { $0.retriesAtOnce = true }
    run(milliseconds: 1500)
    shared.order { $0.retriesAtOnce = true }
    run(milliseconds: 200)
    #expect(target.sent == 2 && target.connects == 4)
  }

  @Test func `a connection on which nothing moves is dropped after 30 s, and the shipment sent again`() throws {
    let log = try TestLog()
    try log.append(0..<10) { _ in "plant/1" }
    let target = SilentTarget()
    let shared = try Uplink.Shared(UplinkStatus())
    let loop = UplinkLoop(
      UplinkConfiguration(name: "u", target: .mqtt(MQTTTargetConfiguration(host: "none"))),
      filters: [try TopicFilter("#")], target: target, shared: shared, log: log.log,
      cursor: try log.log.openCursor("uplink/u"), time: log.time, backoff: Backoff(random: { 200 }))
    for _ in 0..<100 {
      _ = loop.turn()
      loop.work(isReadable: false)
      log.time.advance(milliseconds: 1000)
    }
    #expect(target.sent >= 3)
    #expect(target.disconnects >= 2)
  }
}

/// Takes everything and never says a word.
private final class SilentTarget: UplinkTarget {
  let descriptor: Int32 = -1
  let wantsWrite = false
  let window = 2
  var isReady = true
  private(set) var connects = 0
  private(set) var sent = 0
  private(set) var disconnects = 0

  func connect() throws(TargetFailure) { connects += 1 }
  func disconnect() { disconnects += 1 }
  func send(_ contents: borrowing ShipmentContents, as identity: [UInt8]) throws(TargetFailure) { sent += 1 }
  func work(isReadable: Bool) throws(TargetFailure) -> TargetProgress {
    var progress = TargetProgress()
    progress.isReady = isReady
    return progress
  }
}
