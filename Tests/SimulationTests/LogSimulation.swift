import Bytes
import Platform
import Records
import Storage
import Support

/// What the log promised that it did not keep.
struct BrokenPromise: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

/// One gateway's life on a disk that loses power again and again: producers append, the log commits, a consumer follows
/// with its cursor. After each power cut the log is opened again and held to its promises:
///
/// - every acknowledged record is readable, once, in its producer's order, with its contents;
/// - no record is there that was not appended;
/// - the cursor is at a position that was committed or being committed, and within the log;
/// - opening twice gives the same.
struct LogSimulation {
  private var random: SeededGenerator
  private let disk = FaultyDisk()
  private let time = ManualTime()
  private let configuration: LogConfiguration

  private var log: Log
  private var producers: [Producer] = []
  private var cursorName = "route/r"

  /// Payloads of records that were acknowledged, and of all that were ever appended, in the producer's order.
  private var acknowledged: Set<String> = []
  private var appended: Set<String> = []
  private var committedCursor: Offset = 0
  private var attemptedCursor: Offset = 0
  private(set) var powerCuts = 0
  private var generation = 0

  /// Appenders cannot be copied; a box each.
  private final class Producer {
    var appender: Appender
    let name: String
    /// Payloads not yet known to be durable, by ticket.
    var waiting: [(ticket: UInt64, payload: String)] = []
    var count = 0

    init(_ appender: consuming Appender, name: String) {
      self.appender = appender
      self.name = name
    }
  }

  init(seed: UInt64) throws {
    random = SeededGenerator(seed: seed)
    var configuration = LogConfiguration(directory: "/data")
    configuration.segmentBytes = [2048, 4096, 16384][random.below(3)]
    self.configuration = configuration
    log = try Log.open(configuration, disk: disk, time: time, startsCommit: false)
    makeProducers()
  }

  /// Runs until the power has been cut `cuts` times.
  mutating func run(powerCuts cuts: Int) throws {
    while powerCuts < cuts {
      disk.crash(afterOperation: disk.operations + 1 + random.below(60))
      while !disk.hasCrashed { try step() }
      noteAcknowledged()
      try restart()
    }
  }

  private mutating func makeProducers() {
    generation += 1
    producers = (0..<2).map { Producer(log.makeAppender(), name: "g\(generation)p\($0)") }
  }

  private mutating func step() throws {
    time.advance(milliseconds: random.below(50))
    if random.oneIn(50) { time.jump(milliseconds: Int64(random.below(200_000)) - 100_000) }
    switch random.below(10) {
    case 0..<5: append()
    case 5..<8:
      guard log.commitStep() || disk.hasCrashed else { throw BrokenPromise("the log failed without a fault") }
      noteAcknowledged()
    case 8: moveCursor()
    default: try readSome()
    }
  }

  private mutating func append() {
    let producer = producers[random.below(producers.count)]
    for _ in 0..<(1 + random.below(4)) {
      let filler = String(repeating: "x", count: random.oneIn(10) ? random.below(3000) : random.below(80))
      let payload = "\(producer.name)/\(producer.count)/\(filler)"
      producer.count += 1
      appended.insert(payload)
      let ticket = producer.appender.append(
        topic: "t/\(producer.name)".utf8.span.bytes, payload: payload.utf8.span.bytes,
        at: Timestamp(milliseconds: time.wallMilliseconds()))
      producer.waiting.append((ticket, payload))
    }
    producer.appender.flush()
  }

  private mutating func noteAcknowledged() {
    for producer in producers {
      let durable = producer.appender.durableTickets
      while let first = producer.waiting.first, first.ticket < durable {
        acknowledged.insert(first.payload)
        producer.waiting.removeFirst()
      }
    }
  }

  private mutating func moveCursor() {
    // A cursor file that cannot be opened or written is the consumer's trouble, not the log's.
    guard var cursor = try? log.openCursor(cursorName) else { return }
    let end = log.durableEnd
    guard cursor.position < end else { return }
    attemptedCursor = cursor.position + 1 + Offset(random.below(Int(end - cursor.position)))
    if (try? cursor.commit(attemptedCursor)) != nil { committedCursor = attemptedCursor }
  }

  private mutating func readSome() throws {
    var reader = log.makeReader(at: Offset(random.below(Int(log.durableEnd) + 1)))
    do {
      for _ in 0..<random.below(20) {
        guard let record = try reader.next() else { break }
        let payload = record.payload.text
        guard record.topic.text != Topic.gap else { continue }
        guard appended.contains(payload) else { throw BrokenPromise("read a record nobody appended: \(payload)") }
      }
    } catch is StorageError where disk.hasCrashed {}
  }

  private mutating func restart() throws {
    producers = []
    powerCuts += 1
    disk.powerCycle(seed: random.next())
    // The power may fail during recovery, too.
    while random.oneIn(4) {
      disk.crash(afterOperation: disk.operations + 1 + random.below(20))
      _ = try? Log.open(configuration, disk: disk, time: time, startsCommit: false)
      powerCuts += 1
      disk.powerCycle(seed: random.next())
    }
    log = try Log.open(configuration, disk: disk, time: time, startsCommit: false)
    let first = try contents(log)
    log = try reopened()
    let second = try contents(log)
    guard first == second else { throw BrokenPromise("opening twice gave different contents") }
    try check(second)
    try checkCursor()
    makeProducers()
  }

  private func reopened() throws -> Log {
    log.close()
    disk.crash(afterOperation: nil)
    return try Log.open(configuration, disk: disk, time: time, startsCommit: false)
  }

  private func contents(_ log: Log) throws -> [String] {
    var reader = log.makeReader(at: 0)
    var found: [String] = []
    while let record = try reader.next() {
      if record.topic.text != Topic.gap { found.append(record.payload.text) }
    }
    return found
  }

  private mutating func check(_ found: [String]) throws {
    let set = Set(found)
    guard set.count == found.count else { throw BrokenPromise("a record is there twice") }
    if let invented = set.subtracting(appended).first { throw BrokenPromise("invented: \(invented)") }
    if let lost = acknowledged.subtracting(set).first {
      throw BrokenPromise("acknowledged and lost: \(lost.prefix(20))")
    }
    var last: [Substring: Int] = [:]
    for payload in found {
      let parts = payload.split(separator: "/")
      let number = Int(parts[1])!
      guard number > last[parts[0], default: -1] else { throw BrokenPromise("out of order: \(payload.prefix(20))") }
      last[parts[0]] = number
    }
    // What survived without having been acknowledged is durable from now on.
    acknowledged = set
  }

  private mutating func checkCursor() throws {
    let cursor = try log.openCursor(cursorName)
    guard cursor.position <= log.durableEnd else { throw BrokenPromise("the cursor is past the log") }
    guard cursor.position == committedCursor || cursor.position == attemptedCursor else {
      throw BrokenPromise("the cursor is at \(cursor.position), not \(committedCursor) or \(attemptedCursor)")
    }
    committedCursor = cursor.position
    attemptedCursor = cursor.position
  }
}
