import Platform
import Storage

/// How much of what the disk can make durable the log makes of it, when there is always more to append.
enum AppendThroughput {
  private static let threads = 4
  private static let segmentBytes = 64 << 20

  static func measure(_ scratch: borrowing ScratchDirectory, _ options: Options, _ table: inout Table) throws {
    let rounds = options.isQuick ? 3 : 7
    let records = options.isQuick ? 1_000_000 : 4_000_000
    var durations: [Double] = []
    var busy: [Double] = []
    var logged: [Double] = []
    var plain: [Double] = []
    var ratios: [Double] = []
    var writes: [Double] = []
    for _ in 0..<rounds {
      let (seconds, processorSeconds, operations) = try append(records, scratch)
      let reference = try replay(operations, scratch)
      let bytes = Double(operations.reduce(0) { $0 + $1.writtenBytes })
      durations.append(seconds)
      busy.append(processorSeconds / seconds)
      logged.append(bytes / seconds)
      plain.append(bytes / reference)
      ratios.append(reference / seconds)
      writes.append(bytes / Double(operations.count { $0.action == .sync }))
    }
    let logRate = Samples(logged)
    table.add(
      Row(
        name: "append, \(threads) producers", measured: "\((logRate.median / 1e6).short) MB/s",
        reference: "\((Samples(plain).median / 1e6).short) MB/s", judged: Samples(ratios), target: .atLeast(0.8)))
    let perSecond = Double(records) / Samples(durations).median
    table.note(
      "\((perSecond / 1e6).short) million records a second; \(Samples(writes).median.mebibytes) a sync;"
        + " \(Samples(busy).median.short) of \(Machine.processors) processors busy")
  }

  private static func append(
    _ records: Int, _ scratch: borrowing ScratchDirectory
  ) throws -> (seconds: Double, processorSeconds: Double, operations: [RecordingDisk.Operation]) {
    defer { scratch.remove("log") }
    let disk = RecordingDisk()
    var configuration = LogConfiguration(directory: scratch.path("log"))
    configuration.segmentBytes = segmentBytes
    let log = try Log.open(configuration, disk: disk)
    defer { log.close() }
    _ = disk.takeOperations()
    let watch = Stopwatch()
    try Producers.run(log, threads: threads, records: records)
    return (watch.seconds, watch.processSeconds, disk.takeOperations())
  }

  private static func replay(
    _ operations: [RecordingDisk.Operation], _ scratch: borrowing ScratchDirectory
  ) throws -> Double {
    defer { scratch.remove("plain") }
    var loop = try ReferenceLoop(directory: scratch.path("plain"), fileBytes: segmentBytes)
    let watch = Stopwatch()
    try loop.replay(operations)
    return watch.seconds
  }
}
