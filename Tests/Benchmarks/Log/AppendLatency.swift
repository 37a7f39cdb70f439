import Platform
import Records
import Storage

/// What a single record waits for beyond the disk: two threads' hand-overs, and the encoding.
enum AppendLatency {
  private static let segmentBytes = 64 << 20

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
    for _ in 0..<rounds {
      logged.append(try append(records, &appender, wakeUp, log))
      plain.append(try write(records, bytes: batchBytes, &loop))
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

  private static func write(_ count: Int, bytes: Int, _ loop: inout ReferenceLoop) throws -> Double {
    var latencies: [Double] = []
    for _ in 0..<count {
      let watch = Stopwatch()
      try loop.append(bytes)
      latencies.append(watch.seconds)
    }
    return Samples(latencies).median
  }
}
