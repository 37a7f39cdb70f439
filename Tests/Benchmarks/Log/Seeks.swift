import Records
import Storage

/// Going to random places of a log, none of which is in memory at first, up to the first record that was asked for.
struct Seeks {
  private static let count = 200
  private static let longestMilliseconds = 2.0

  private let log: Log
  private let segments: String
  private let firstTime: Timestamp
  private let lastTime: Timestamp

  /// - Parameter directory: the log's data directory.
  init(_ log: Log, _ directory: String) throws {
    self.log = log
    segments = LogDirectory(directory).segments
    firstTime = try Self.time(of: log.startOffset, log)
    lastTime = try Self.time(of: log.durableEnd - 1, log)
  }

  /// - Parameter form: what state the log is in, for the rows' names.
  func measure(_ form: String, _ table: inout Table) throws {
    var random = SeededRandom(seed: 7)
    try measure("seek by offset, \(form)", &table) { reader in
      let offset = Offset.random(in: log.startOffset..<log.durableEnd, using: &random)
      let watch = Stopwatch()
      reader.seek(to: offset)
      let found = try reader.next()?.offset
      return found == offset ? watch.seconds : nil
    }
    try measure("seek by time, \(form)", &table) { reader in
      let milliseconds = Int64.random(in: firstTime.milliseconds...lastTime.milliseconds, using: &random)
      let time = Timestamp(milliseconds: milliseconds)
      let watch = Stopwatch()
      try reader.seek(to: time)
      guard let found = try reader.next()?.timestamp, found >= time else { return nil }
      return watch.seconds
    }
  }

  /// - Parameter seek: goes to a place of its choice; its seconds, or nil where what was asked for was not found.
  private func measure(
    _ name: String, _ table: inout Table, _ seek: (inout LogReader) throws -> Double?
  ) throws {
    try PageCache.drop(segments)
    var reader = log.makeReader(at: log.startOffset)
    var milliseconds: [Double] = []
    for _ in 0..<Self.count {
      guard let seconds = try seek(&reader) else {
        throw BenchmarkError.cannotMeasure("\(name): a record was not found; `forebay log verify` tells why")
      }
      milliseconds.append(seconds * 1000)
      try Interruption.check()
    }
    let samples = Samples(milliseconds)
    table.add(
      Row(
        name: name, measured: (samples.median / 1000).duration, judged: samples,
        target: .atMost(Self.longestMilliseconds), unit: "ms"))
  }

  private static func time(of offset: Offset, _ log: Log) throws -> Timestamp {
    var reader = log.makeReader(at: offset)
    guard let time = try reader.next()?.timestamp else {
      throw BenchmarkError.cannotMeasure("record \(offset) was not found; `forebay log verify` tells why")
    }
    return time
  }
}
