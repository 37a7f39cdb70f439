import Platform
import Storage

/// What appending takes from the heap: nothing a record, once everything has its working size.
enum AppendAllocations {
  private static let few = 100_000
  private static let many = 400_000

  static func measure(_ scratch: borrowing ScratchDirectory, _ options: Options, _ table: inout Table) throws {
    var perRecord: [Double] = []
    for _ in 0..<(options.isQuick ? 3 : 5) {
      let first = try count(few, scratch)
      let second = try count(many, scratch)
      perRecord.append(Double(second - first) / Double(many - few))
    }
    let samples = Samples(perRecord)
    table.add(
      Row(
        name: "allocations a record", measured: samples.median.decimal(5), judged: samples, target: .atMost(0.01)))
    table.note("\(try perCommit(scratch).short) a commit of one record")
  }

  private static func perCommit(_ scratch: borrowing ScratchDirectory) throws -> Double {
    defer { scratch.remove("log") }
    let log = try Log.open(LogConfiguration(directory: scratch.path("log")))
    defer { log.close() }
    let commits = 1000
    try Producers.run(log, threads: 1, records: 10, window: 1)
    let before = AllocationCounter.count
    try Producers.run(log, threads: 1, records: commits, window: 1)
    return Double(AllocationCounter.count - before) / Double(commits)
  }

  /// Allocations of the whole process while `records` records become durable.
  private static func count(_ records: Int, _ scratch: borrowing ScratchDirectory) throws -> Int {
    defer { scratch.remove("log") }
    let log = try Log.open(LogConfiguration(directory: scratch.path("log")))
    defer { log.close() }
    let before = AllocationCounter.count
    try Producers.run(log, threads: 4, records: records)
    return AllocationCounter.count - before
  }
}
