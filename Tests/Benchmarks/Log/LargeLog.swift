import Bytes
import Platform
import Records
import Storage

/// A log much larger than what may be in memory: opening it, finding a place in it, and memory in use.
enum LargeLog {
  private static let seeks = 200
  private static let longest = 0.002
  private static let mostMemory = 16.0

  static func measure(_ scratch: borrowing ScratchDirectory, _ options: Options, _ table: inout Table) throws {
    defer { scratch.remove("log") }
    let gibibytes = options.isQuick ? 1 : 10
    let directory = scratch.path("log")
    try fill(directory, bytes: gibibytes << 30)
    var configuration = LogConfiguration(directory: directory)
    configuration.maxBytes = 64 << 30
    let before = try ResidentMemory.current()
    let log = try measureOpening(configuration, "open \(gibibytes) GiB", &table)
    defer { log.close() }
    let opened = try ResidentMemory.current()
    try measureSeeks(log, "seek by offset", directory, &table) { reader, offset, _ in reader.seek(to: offset) }
    let reading = try Reading(log)
    let read = try ResidentMemory.current()
    table.add(memoryRow("memory, log open", opened - before))
    table.add(memoryRow("memory, all of it read", read - before))
    table.note(
      "\((Double(reading.records) / 1e6).short) million records; at the most \(Double(try ResidentMemory.peak()).mebibytes) in use"
    )
  }

  private static func memoryRow(_ name: String, _ bytes: Int) -> Row {
    let value = Double(max(bytes, 0)) / 1_048_576
    return Row(name: name, measured: "\(value.short) MiB", judged: Samples([value]), target: .atMost(mostMemory))
  }

  /// In a process of its own, whose heap is not ours.
  private static func fill(_ directory: String, bytes: Int) throws {
    let child = try ChildProcess([
      CurrentProcess.executablePath, "fill", "--directory", directory, "--bytes", String(bytes),
    ])
    var complaints = ByteWriter()
    while child.poll() == nil {
      if Interruption.isSet { child.terminate() }
      _ = child.waitForEnd(milliseconds: 100, time: SystemTime())
      _ = child.readErrors(into: &complaints)
    }
    try Interruption.check()
    guard child.poll() == .exited(0) else {
      throw BenchmarkError.cannotMeasure("making the log failed: \(complaints.bytes.text)")
    }
  }

  private static func measureOpening(_ configuration: LogConfiguration, _ name: String, _ table: inout Table) throws
    -> Log
  {
    var times: [Double] = []
    while true {
      try PageCache.drop(LogDirectory(configuration.directory).segments)
      let watch = Stopwatch()
      let log = try Log.open(configuration)
      times.append(watch.seconds)
      if times.count == 3 {
        table.add(
          Row(name: name, measured: Samples(times).median.duration, judged: Samples(times), target: .atMost(1)))
        return log
      }
      log.close()
    }
  }

  /// Goes to random places, none of which is in memory at first, and reads the record there.
  private static func measureSeeks(
    _ log: Log, _ name: String, _ directory: String, _ table: inout Table,
    seek: (inout LogReader, Offset, Timestamp) throws -> Void
  ) throws {
    try PageCache.drop(LogDirectory(directory).segments)
    var random = SeededRandom(seed: 7)
    var reader = log.makeReader(at: log.startOffset)
    var times: [Double] = []
    for _ in 0..<seeks {
      let offset = Offset.random(in: log.startOffset..<log.durableEnd, using: &random)
      let watch = Stopwatch()
      try seek(&reader, offset, Timestamp(milliseconds: 0))
      guard let record = try reader.next(), record.offset == offset else {
        throw BenchmarkError.cannotMeasure("record \(offset) was not found; `forebay log verify` tells why")
      }
      times.append(watch.seconds)
      try Interruption.check()
    }
    let samples = Samples(times.map { $0 * 1000 })
    table.add(
      Row(
        name: name, measured: (samples.median / 1000).duration, judged: samples, target: .atMost(longest * 1000)))
  }
}
