import Bytes
import Platform
import Records
import Storage
import Support

/// One gateway's life on a small disk that others fill and empty, with limits that come into play all the time, consumers
/// that fall behind, clocks that jump and power that fails. Held to:
///
/// - what is acknowledged is readable, or has gone from the front;
/// - `dropOldest`: what went before a consumer had it is said in the log, by name, before it goes;
/// - `refuse`: nothing goes before every consumer has it;
/// - once there is room, everything that was handed over is taken.
final class RetentionSimulation {
  private var random: SeededGenerator
  private let disk = FaultyDisk()
  private let time = ManualTime()
  private let configuration: LogConfiguration

  private var log: Log
  private var producer: Appender
  private var handedOver = 0
  private var generation = 0

  private static let consumers = ["route/slow", "uplink/fast"]
  /// The furthest each may have come to, by what was committed or attempted.
  private var reached = [Offset](repeating: 0, count: consumers.count)
  /// What gap records say that each has lost.
  private var said = [[Range<Offset>]](repeating: [], count: consumers.count)
  private var gapsReadTo: Offset = 0
  /// By generation: payloads of a producer's whole life are numbered from 0.
  private var acknowledged = 0
  private(set) var drops = 0
  private(set) var refusals = 0

  init(seed: UInt64) throws {
    random = SeededGenerator(seed: seed)
    var configuration = LogConfiguration(directory: "/data")
    configuration.segmentBytes = 8 << 10
    configuration.maxBytes = 96 << 10
    configuration.keepFree = .bytes([0, 16 << 10][random.below(2)])
    configuration.whenFull = random.oneIn(2) ? .refuse : .dropOldest
    // In refuse mode a consumer that stands is what it is about.
    if random.oneIn(3) { configuration.maxAgeMilliseconds = 24 * 3_600_000 }
    self.configuration = configuration
    log = try Log.open(configuration, disk: disk, time: time, startsThreads: false)
    producer = log.makeAppender()
    try openCursors()
  }

  func run(powerCuts: Int) throws {
    for _ in 0..<powerCuts {
      for _ in 0..<(50 + random.below(200)) { try step() }
      if random.oneIn(2) { try makeRoom() }
      disk.crash(afterOperation: disk.operations + 1 + random.below(60))
      for _ in 0..<200 where !disk.hasCrashed { try step() }
      try restart()
    }
    try makeRoom()
  }

  private func step() throws {
    time.advance(milliseconds: random.below(600_000))
    if random.oneIn(40) { time.jump(milliseconds: Int64(random.below(2_000_000_000)) - 1_000_000_000) }
    switch random.below(12) {
    case 0..<5: append()
    case 5..<9: try commit()
    case 9: moveCursor(random.below(4) == 0 ? 0 : 1)
    case 10: _ = log.sealStep()
    default: disk.setCapacity(random.oneIn(3) ? nil : 60_000 + random.below(150_000))
    }
  }

  private func append() {
    for _ in 0..<(1 + random.below(3)) {
      let payload =
        "\(generation)/\(handedOver)/" + String(decoding: random.bytes(600).map { $0 & 0x3F | 0x40 }, as: UTF8.self)
      producer.append(
        topic: "t".utf8.span.bytes, payload: payload.utf8.span.bytes,
        at: Timestamp(milliseconds: time.wallMilliseconds()))
      handedOver += 1
    }
    producer.flush()
  }

  private func commit() throws {
    let start = log.startOffset
    guard log.commitStep() || disk.hasCrashed else {
      throw BrokenPromise("the log failed without a fault: \(log.failure.map { "\($0)" } ?? "")")
    }
    if disk.hasCrashed { return }
    acknowledged = Int(producer.durableTickets)
    if log.startOffset > start { drops += 1 }
    if log.isRefusing { refusals += 1 }
    do { try readGaps() } catch is StorageError where disk.hasCrashed { return }
    try check()
  }

  private func moveCursor(_ index: Int) {
    guard var cursor = try? log.openCursor(Self.consumers[index]) else { return }
    let end = log.durableEnd
    guard cursor.position < end else { return }
    let target = cursor.position + 1 + Offset(random.below(Int(end - cursor.position)))
    reached[index] = max(reached[index], target)
    try? cursor.commit(target)
  }

  private func openCursors() throws {
    for name in Self.consumers { _ = try log.openCursor(name) }
  }

  private func readGaps() throws {
    var reader = log.makeReader(at: gapsReadTo)
    while let record = try reader.next() {
      guard record.topic.text == Topic.gap else { continue }
      let text = record.payload.text
      guard let index = Self.consumers.firstIndex(where: { text.contains("not consumed by \($0)") }) else { continue }
      let words = text.split(separator: "offsets ")[1].split(separator: " ")
      guard let first = Offset(words[0]), let last = Offset(words[2].dropLast()) else {
        throw BrokenPromise("no range in \(text)")
      }
      // It may be the only one left: then it says what those before it said.
      let earlier = text.split(separator: ", nor ").dropFirst().first.flatMap { Offset($0.prefix { $0.isNumber }) }
      said[index].append((earlier ?? first)..<(last + 1))
    }
    gapsReadTo = log.durableEnd
  }

  private func check() throws {
    let start = log.startOffset
    for index in Self.consumers.indices {
      var position = reached[index]
      for range in said[index].sorted(by: { $0.lowerBound < $1.lowerBound }) where range.lowerBound <= position {
        position = max(position, range.upperBound)
      }
      guard position >= start else {
        throw BrokenPromise("\(Self.consumers[index]) lost \(position) to \(start - 1), and nobody said so")
      }
      if configuration.whenFull == .refuse, reached[index] < start {
        throw BrokenPromise("dropped to \(start), with \(Self.consumers[index]) at \(reached[index])")
      }
    }
  }

  /// Room on the disk and consumers at the end: everything must be taken then.
  private func makeRoom() throws {
    disk.setCapacity(nil)
    for _ in 0..<200 {
      moveCursor(0)
      moveCursor(1)
      try commit()
      if !log.isRefusing, acknowledged == handedOver { return }
    }
    throw BrokenPromise(
      "\(handedOver - acknowledged) records are not taken: \(log.refusal.map { "\($0)" } ?? "no refusal")")
  }

  private func restart() throws {
    disk.setCapacity(nil)
    disk.powerCycle(seed: random.next())
    disk.setCapacity(random.oneIn(3) ? 60_000 : nil)
    log = try Log.open(configuration, disk: disk, time: time, startsThreads: false)
    try openCursors()
    try readBack()
    gapsReadTo = min(gapsReadTo, log.durableEnd)
    try readGaps()
    generation += 1
    (handedOver, acknowledged) = (0, 0)
    producer = log.makeAppender()
    try check()
  }

  /// The acknowledged records are there to the newest, without a hole.
  private func readBack() throws {
    var reader = log.makeReader(at: log.startOffset)
    var numbers: [Int] = []
    while let record = try reader.next() {
      let parts = record.payload.text.split(separator: "/")
      guard record.topic.text != Topic.gap, parts[0] == "\(generation)", let number = Int(parts[1]) else { continue }
      // What was not acknowledged may be there or not, one by one.
      if number < acknowledged { numbers.append(number) }
    }
    let first = numbers.first ?? acknowledged
    guard numbers == Array(first..<acknowledged) else { throw BrokenPromise("a hole in \(numbers)") }
    guard first == 0 || log.startOffset > 0 else { throw BrokenPromise("\(first) records are lost") }
  }
}
