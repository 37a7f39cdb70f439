import Platform
import Records
import Storage

/// What a single record waits for beyond the disk: two threads' hand-overs, and the encoding.
enum AppendLatency {
  private static let segmentBytes = 64 << 20
  /// About what the hand-overs take, between two syncs: disks, virtual ones above all, answer sooner when asked again at once.
  private static let handOverSeconds = 14e-6

  static func measure(_ scratch: borrowing ScratchDirectory, _ options: Options, _ table: inout Table) throws {
    let rounds = options.isQuick ? 5 : 15
    let records = options.isQuick ? 200 : 400
    let disk = RecordingDisk()
    var configuration = LogConfiguration(directory: scratch.path("log"))
    configuration.segmentBytes = segmentBytes
    let log = try Log.open(configuration, disk: disk)
    let wakeUp = try WakeUp()
    var appender = log.makeAppender(wakeUp: wakeUp)
    // To warm up, and for the size of what the commit writes.
    _ = disk.takeOperations()
    _ = try append(1, &appender, wakeUp, log)
    let batchBytes = disk.takeOperations().reduce(0) { $0 + $1.writtenBytes }
    var loop = try ReferenceLoop(directory: scratch.path("plain"), fileBytes: segmentBytes)
    var logged: [Double] = []
    var plain: [Double] = []
    var pausing: [Double] = []
    for _ in 0..<rounds {
      logged.append(try append(records, &appender, wakeUp, log))
      plain.append(try write(records, bytes: batchBytes, &loop))
      pausing.append(try write(records, bytes: batchBytes, &loop, pause: handOverSeconds))
      try Interruption.check()
    }
    log.close()
    scratch.remove("log")
    scratch.remove("plain")
    table.add(
      Row(
        name: "one record, append to durable", measured: Samples(logged).median.duration,
        reference: Samples(plain).median.duration, judged: Samples(zip(logged, plain).map { $0 / $1 }),
        target: .atMost(1.15)))
    table.add(
      Row(
        name: "the same, the reference pausing as long", measured: Samples(logged).median.duration,
        reference: Samples(pausing).median.duration, judged: Samples(zip(logged, pausing).map { $0 / $1 })))
  }

  /// - Returns: the median latency of `count` records, one after the other, in seconds.
  private static func append(
    _ count: Int, _ appender: inout Appender, _ wakeUp: WakeUp, _ log: Log
  ) throws -> Double {
    let topic = Producers.topic(1)
    let payload = Producers.makePayload(1)
    var latencies: [Double] = []
    for _ in 0..<count {
      let watch = Stopwatch()
      let ticket = appender.append(
        topic: topic.span.bytes, payload: payload.span.bytes,
        at: Timestamp(milliseconds: SystemTime().wallMilliseconds()))
      appender.flush()
      while appender.durableTickets <= ticket {
        if let failure = log.failure { throw failure }
        _ = wakeUp.wait(milliseconds: 1000)
      }
      latencies.append(watch.seconds)
    }
    return Samples(latencies).median
  }

  private static func write(
    _ count: Int, bytes: Int, _ loop: inout ReferenceLoop, pause: Double = 0
  ) throws -> Double {
    var latencies: [Double] = []
    for _ in 0..<count {
      let pausing = Stopwatch()
      while pausing.seconds < pause {}
      let watch = Stopwatch()
      try loop.append(bytes)
      latencies.append(watch.seconds)
    }
    return Samples(latencies).median
  }
}
