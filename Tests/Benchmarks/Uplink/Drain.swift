import Platform

/// An uplink that gets to work on a backlog, until the far side has confirmed all of it.
struct Drain {
  let records: Int
  let seconds: Double
  /// Of the client's process.
  let processorSeconds: Double

  var recordsPerSecond: Double { Double(records) / seconds }
  var processorSecondsPerRecord: Double { processorSeconds / Double(records) }

  init(records: Int, seconds: Double, processorSeconds: Double) {
    self.records = records
    self.seconds = seconds
    self.processorSeconds = processorSeconds
  }

  /// Lets the uplink, which is paused, go on, and waits until nothing waits any more.
  init(_ gateway: Gateway, _ uplink: String) throws {
    let before = try gateway.uplink(uplink)
    let processorBefore = try gateway.processorSeconds()
    let cursor = try StoredCursor(gateway.data, "uplink/\(uplink)")
    let watch = Stopwatch()
    try gateway.order("resume", uplink)
    // By the cursor: the daemon is not disturbed by being asked.
    try gateway.program.wait(seconds: 600, for: "end of the backlog") {
      try cursor.position() >= before.position + before.lag
    }
    seconds = watch.seconds
    processorSeconds = try gateway.processorSeconds() - processorBefore
    let after = try gateway.wait(for: "report of it", of: uplink) { $0.lag == 0 }
    records = after.position - before.position
    guard after.deadLetters == 0, after.retries == 0 else {
      throw BenchmarkError.cannotMeasure("the far side did not take everything at once: \(after)")
    }
  }
}
