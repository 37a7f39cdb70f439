import Platform
import Storage
import Support

/// A short life of the log, always the same: opened, appended to over several segments, sealed, cut by retention, its cursor
/// moved, closed, opened again. For loops over its disk operations, each of which fails in turn or is the last before a power
/// cut.
final class LogLife {
  let disk = FaultyDisk()
  private let time = SimulatedTime()
  private var random = SeededGenerator(seed: 1)
  private var model = LogModel()
  private let consumer = SimulatedConsumer("route/r")
  private var configuration = LogConfiguration(directory: "/data")
  private var producers = 0
  /// What a reader has found wrong meanwhile.
  private var broken: (any Error)?

  init() {
    configuration.segmentBytes = 1024
    configuration.maxBytes = 5000
  }

  /// Lives until the end, or until the log fails.
  func run() {
    for _ in 0..<2 {
      guard let log = try? open() else { return }
      try? consumer.open(log, isDurable: false)
      let producer = SimulatedProducer(log.makeAppender(), number: producers)
      producers += 1
      let isGoingOn = live(log, producer)
      // Also one that has failed is closed.
      log.close()
      consumer.close()
      producer.noteAcknowledged(in: &model)
      model.retire(below: log.startOffset)
      guard isGoingOn else { return }
    }
  }

  /// False once the log has failed.
  private func live(_ log: Log, _ producer: SimulatedProducer) -> Bool {
    let follower = SimulatedFollower(log)
    for round in 0..<12 {
      append(300, to: producer)
      let isGoingOn = log.commitStep()
      producer.noteAcknowledged(in: &model)
      model.retire(below: log.startOffset)
      guard isGoingOn else { return false }
      see(try? follower.read())
      if round % 3 == 0 { try? consumer.advance(log, &random) }
      if round % 4 == 2 { _ = log.sealStep() }
      time.advance(milliseconds: 1000)
    }
    return true
  }

  /// Opens the log once more and holds it to its promises.
  /// - Parameter isDurable: whether what is found is on the disk for certain.
  func check(isDurable: Bool) throws {
    if let broken { throw broken }
    let log = try open()
    let contents = try LogContents(log)
    model.retire(upTo: contents, consumed: consumer.position)
    try model.check(contents, startOffset: log.startOffset, isDurable: isDurable)
    try consumer.open(log, isDurable: isDurable, isMoved: true)
    consumer.close()
  }

  private func see(_ contents: LogContents?) {
    guard let contents else { return }
    do { for record in contents.records { try model.see(record) } } catch { broken = error }
  }

  private func append(_ bytes: Int, to producer: SimulatedProducer) {
    let milliseconds = time.wallMilliseconds()
    let number = model.append(producer: producer.number, bytes: bytes, milliseconds: milliseconds)
    producer.append(number, bytes: bytes, milliseconds: milliseconds)
    producer.flush()
  }

  private func open() throws -> Log {
    try Log.open(configuration, disk: disk, time: time, startsThreads: false)
  }
}
