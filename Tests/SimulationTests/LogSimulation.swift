import Platform
import Records
import Storage
import Support

/// One gateway's life on a disk that loses power again and again: producers append, the log commits, consumers follow with
/// their cursors; clocks jump, the disk fills up, operations fail, bits flip. After each end, by power cut, kill -9 or in
/// order, the log is opened again and held to its promises:
///
/// - every acknowledged record that retention has not taken is readable, once, in its producer's order, with its contents,
///   at the offset it had;
/// - no record is there that was not appended;
/// - cursors stand where they were committed, and within the log;
/// - what retention took from a consumer is told by gap records;
/// - a flipped bit costs at most the batch it is in;
/// - opening twice gives the same, and the files beside the segments may all be gone.
final class LogSimulation {
  var random: SeededGenerator
  let plan: SimulationPlan
  let disk: FaultyDisk
  let time: SimulatedTime

  var log: Log?
  var model = LogModel()
  var epoch: LogEpoch?
  let consumers = [SimulatedConsumer("route/r"), SimulatedConsumer("uplink/u")]
  private var producers: [SimulatedProducer] = []
  private var producersMade = 0
  private var follower: SimulatedFollower?
  /// Whether everything that can be read and was synced is on the disk: after a failed sync not before the next power cut.
  var isDiskTrusted = true
  /// What was hit before the faults of now.
  var faultsHitBefore = 0

  /// How often the power has failed or the process was killed.
  var crashes = 0

  /// Prints what happens: for the replay of a seed.
  let isTraced: Bool

  init(seed: UInt64, isTraced: Bool = false) throws {
    self.isTraced = isTraced
    random = SeededGenerator(seed: seed)
    plan = SimulationPlan(&random)
    let disk = FaultyDisk()
    self.disk = disk
    disk.setCapacity(plan.capacity)
    // Whoever else has filled the disk makes room in the end.
    time = SimulatedTime(onSleep: { disk.lose(Self.foreignFile) })
    try open()
  }

  static let foreignFile = "/var/other"

  /// Runs until it has crashed `count` times.
  func run(crashes count: Int) throws {
    while crashes < count {
      disk.crash(afterOperation: disk.operations + 1 + random.below(80))
      var steps = 2 + random.below(60)
      var isFailed = false
      while !disk.hasCrashed, !isFailed, steps > 0 {
        isFailed = try !step()
        steps -= 1
      }
      for producer in producers { producer.noteAcknowledged(in: &model) }
      try end()
    }
  }

  func note(_ event: @autoclosure () -> String) {
    if isTraced { print("  operation \(disk.operations): \(event())") }
  }

  /// Whether something failed on the disk since the log was opened: then the log may say so.
  var isExcused: Bool { disk.hasCrashed || disk.faultsHit > faultsHitBefore }

  /// False once the log has failed.
  private func step() throws -> Bool {
    time.advance(milliseconds: random.below(50))
    if random.oneIn(100) { time.jump(&random) }
    if plan.capacity != nil, random.oneIn(20) { fillDisk() }
    if plan.hasFaults, random.oneIn(25) { injectFaults() }
    switch random.below(12) {
    case 0..<5: append()
    case 5..<8: return try commit()
    case 8: try excusing { try moveCursor() }
    case 9..<11: seal()
    default: try excusing { try readSome() }
    }
    return true
  }

  private func append() {
    let producer = producers[random.below(producers.count)]
    for _ in 0..<(1 + random.below(3)) {
      let milliseconds = time.wallMilliseconds()
      let bytes = randomSize()
      let number = model.append(producer: producer.number, bytes: bytes, milliseconds: milliseconds)
      producer.append(number, bytes: bytes, milliseconds: milliseconds)
    }
    producer.flush()
    note("producer \(producer.number) appends to record \(model.count - 1)")
  }

  /// Mostly small, some as large as sectors, now and then larger than a segment.
  private func randomSize() -> Int {
    switch random.below(40) {
    case 0: plan.configuration.segmentBytes + random.below(4096)
    case 1..<6: 8 + random.below(2000)
    default: 8 + random.below(80)
    }
  }

  private func commit() throws -> Bool {
    let segmentsMade = log!.metrics.segmentsMade
    let isGoingOn = log!.commitStep()
    note("commit to \(log!.durableEnd), log from \(log!.startOffset), \(log!.failure.map { "\($0)" } ?? "in order")")
    guard isGoingOn || isExcused else { throw BrokenPromise("the log failed without a reason: \(log!.failure!)") }
    for producer in producers { producer.noteAcknowledged(in: &model) }
    model.retire(below: log!.startOffset)
    if log!.metrics.segmentsMade > segmentsMade { try checkSize() }
    try excusing { try follow() }
    return isGoingOn
  }

  /// Where a segment has just been begun, the log is within its limit, but for gap records and what one record takes.
  private func checkSize() throws {
    let total = log!.segments.reduce(0) { $0 + $1.bytes }
    let slack = plan.configuration.segmentBytes + 4096
    guard total <= plan.configuration.maxBytes + slack else {
      throw BrokenPromise("the log has grown to \(total) bytes")
    }
  }

  /// Reads what is new, as a consumer does that has caught up.
  private func follow() throws {
    guard let log, let follower else { return }
    let (start, skipped) = (follower.position, follower.skippedRecords)
    for found in try follower.read().records { try model.see(found) }
    guard follower.position == log.durableEnd || isExcused else {
      throw BrokenPromise("a reader stops at \(follower.position), before \(log.durableEnd)")
    }
    // Retention may take even what has just been committed, where records are as large as segments.
    guard follower.skippedRecords == skipped || log.startOffset > start || isExcused else {
      throw BrokenPromise("a reader that had caught up has skipped \(follower.skippedRecords - skipped) records")
    }
  }

  private func readSome() throws {
    var reader = log!.makeReader(at: Offset(random.below(Int(log!.durableEnd) + 1)))
    for _ in 0..<random.below(10) {
      guard let record = try reader.next() else { break }
      if record.topic.byteCount == 1, SimulatedRecords.number(of: record.payload) == nil {
        throw BrokenPromise("offset \(record.offset) has contents that nobody appended")
      }
    }
  }

  /// What the disk cannot do is the reader's or the consumer's trouble, not the log's.
  private func excusing(_ body: () throws -> Void) throws {
    do { try body() } catch let error as StorageError {
      guard isExcused else { throw BrokenPromise("without a reason: \(error)") }
    }
  }

  /// A piece of the sealer's work.
  private func seal() {
    let before = log!.segments.reduce(0) { $0 + $1.bytes }
    guard log!.sealStep() else { return }
    note("sealing took the log from \(before) to \(log!.segments.reduce(0) { $0 + $1.bytes }) bytes")
  }

  private func moveCursor() throws {
    let consumer = consumers[random.below(consumers.count)]
    defer { note("\(consumer.name): \(consumer.position)") }
    try consumer.advance(log!, &random)
  }

  private func fillDisk() {
    let bytes = random.below(plan.capacity!)
    note("somebody else takes \(bytes) bytes of the disk")
    disk.overwrite(Self.foreignFile, [UInt8](repeating: 0, count: bytes))
  }

  private func injectFaults() {
    let effects: [DiskFault.Effect] = [.error(5), .error(28), .flippedBit]
    let effect = effects[random.below(effects.count)]
    let operations: [Set<DiskOperation>] = [
      Set(DiskOperation.allCases), [.sync], [.write, .sync], [.create, .rename, .remove, .syncDirectory],
    ]
    let paths = ["", "/data/log", "/data/cursors"]
    let fault = DiskFault(
      effect, on: effect == .flippedBit ? [.read] : operations[random.below(4)], path: paths[random.below(3)],
      oneIn: 1 + random.below(30))
    let isHealthy = random.oneIn(3)
    note(isHealthy ? "faults end" : "faults: \(fault.effect) of \(fault.operations.count) operations, \(fault.path)")
    disk.inject(isHealthy ? [] : [fault], seed: random.next())
  }

  /// Goes on with `log`, which has just been opened.
  func begin() {
    faultsHitBefore = disk.faultsHit
    producers = (0..<2).map { SimulatedProducer(log!.makeAppender(), number: producersMade + $0) }
    producersMade += 2
    follower = SimulatedFollower(log!)
  }

  /// Lets go of everything that belongs to the running process.
  func letGo() {
    producers = []
    follower = nil
    for consumer in consumers { consumer.close() }
    log = nil
  }
}
