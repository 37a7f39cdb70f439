import Platform

/// The same appends into each kind of file, kinds in turn, several rounds.
struct SegmentComparison {
  /// A record by itself, some milliseconds' worth of a busy gateway, and as much as it can.
  private static let batches = [("200 B", 200), ("16 KiB", 16 << 10), ("1 MiB", 1 << 20)]
  private static let segmentBytes = 64 << 20

  private let directory: String
  private let device: DeviceWrites
  private let rounds: Int
  private let mostAppends: Int
  private let payload: [UInt8]

  init(_ directory: String, _ options: Options) throws {
    self.directory = directory
    device = try DeviceWrites(of: directory)
    rounds = options.isQuick ? 3 : 9
    mostAppends = options.isQuick ? 500 : 2000
    var random = SeededRandom(seed: 3)
    payload = (0..<Self.segmentBytes / 64).map { _ in UInt8(truncatingIfNeeded: random.next()) }
  }

  /// What one kind came to, a value a round.
  private struct Outcome {
    var median: [Double] = []
    var slow: [Double] = []
    /// To the device, for each byte appended.
    var written: [Double] = []
  }

  func run(_ table: inout Table) throws {
    for (name, bytes) in Self.batches {
      var outcomes = [SegmentKind: Outcome]()
      for _ in 0..<rounds {
        for kind in SegmentKind.allCases { try measure(kind, bytes, &outcomes[kind, default: Outcome()]) }
        try Interruption.check()
      }
      add("\(name), median", outcomes, &table, { $0.median }, text: { $0.duration })
      add("\(name), 99 of 100", outcomes, &table, { $0.slow }, text: { $0.duration })
      add("\(name), to the device", outcomes, &table, { $0.written }, text: { $0.short })
    }
  }

  private func add(
    _ name: String, _ outcomes: [SegmentKind: Outcome], _ table: inout Table, _ values: (Outcome) -> [Double],
    text: (Double) -> String
  ) {
    let reference = values(outcomes[.preallocated] ?? Outcome())
    for kind in SegmentKind.allCases where kind != .preallocated {
      let measured = values(outcomes[kind] ?? Outcome())
      table.add(
        Row(
          name: "\(name), \(kind.rawValue)", measured: text(Samples(measured).median),
          reference: text(Samples(reference).median), judged: Samples(zip(measured, reference).map { $0 / $1 })))
    }
  }

  private func measure(_ kind: SegmentKind, _ bytes: Int, _ outcome: inout Outcome) throws {
    let path = directory + "/" + kind.rawValue
    var start = try device.bytes()
    let file = try kind.make(path, bytes: Self.segmentBytes) { start = try device.bytes() }
    try LocalDisk().syncDirectory(directory)
    let prepared = try device.bytes()
    let appends = min(mostAppends, Self.segmentBytes / bytes)
    var latencies: [Double] = []
    for number in 0..<appends {
      let watch = Stopwatch()
      try file.write(payload.span.bytes.extracting(0..<bytes), at: number * bytes)
      try file.sync()
      latencies.append(watch.seconds)
    }
    let end = try device.bytes()
    try LocalDisk().remove(path)
    outcome.median.append(Samples(latencies).median)
    outcome.slow.append(Samples(latencies).percentile(0.99))
    // A file is prepared once for all that goes into it, of which this may be a part.
    let appended = Double(appends * bytes)
    let preparing = Double(prepared - start) / Double(Self.segmentBytes)
    outcome.written.append(preparing + Double(end - prepared) / appended)
  }
}
