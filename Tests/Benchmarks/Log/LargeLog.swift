import Bytes
import Platform
import Records
import Storage

/// A log much larger than what may be in memory: opening it, going to a place in it, and memory in use.
enum LargeLog {
  static func measure(_ scratch: borrowing ScratchDirectory, _ options: Options, _ table: inout Table) throws {
    defer { scratch.remove("log") }
    let gibibytes = options.isQuick ? 1 : 10
    let directory = scratch.path("log")
    try fill(directory, bytes: gibibytes << 30)
    let before = try ResidentMemory.current()
    let log = try measureOpening(directory, "open a log of \(gibibytes) GiB", &table)
    defer { log.close() }
    let opened = try ResidentMemory.current()
    try Seeks(log, directory).measure("as written", &table)
    let reading = try Reading(log)
    table.add(memoryRow("memory, log open", opened - before))
    table.add(memoryRow("memory, all of it read", try ResidentMemory.current() - before))
    table.note("\((Double(reading.records) / 1e6).short) million records in \(reading.seconds.duration)")
    try log.sealEverything()
    try Seeks(log, directory).measure("sealed", &table)
    table.add(memoryRow("memory, all of it sealed", try ResidentMemory.current() - before))
    table.note("at the most \(Double(try ResidentMemory.peak()).mebibytes) in use, the program itself included")
  }

  private static func memoryRow(_ name: String, _ bytes: Int) -> Row {
    let value = Double(max(bytes, 0)) / 1_048_576
    return Row(name: name, measured: "\(value.short) MiB", judged: Samples([value]), target: .atMost(16), unit: "MiB")
  }

  /// In a process of its own, so that our heap has nothing to do with it.
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

  private static func measureOpening(_ directory: String, _ name: String, _ table: inout Table) throws -> Log {
    var configuration = LogConfiguration(directory: directory)
    configuration.maxBytes = 64 << 30
    var times: [Double] = []
    while true {
      try PageCache.drop(LogDirectory(directory).segments)
      let watch = Stopwatch()
      let log = try Log.open(configuration, startsThreads: false)
      times.append(watch.seconds)
      if times.count == 3 {
        table.add(
          Row(
            name: name, measured: Samples(times).median.duration, judged: Samples(times), target: .atMost(1),
            unit: "s"))
        return log
      }
      log.close()
    }
  }
}
