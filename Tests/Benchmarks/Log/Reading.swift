import Records
import Storage

/// One walk over a log from its oldest record on.
struct Reading {
  private(set) var records = 0
  /// Of topics and payloads.
  private(set) var rawBytes = 0
  /// Of the reading thread.
  let processorSeconds: Double
  let seconds: Double

  /// - Parameter end: the offset to stop at; nil: the end of the log.
  init(_ log: Log, end: Offset? = nil) throws {
    let end = end ?? log.durableEnd
    var reader = log.makeReader(at: log.startOffset)
    var records = 0
    var rawBytes = 0
    let watch = Stopwatch()
    while reader.position < end, let record = try reader.next() {
      records += 1
      rawBytes += record.topic.byteCount + record.payload.byteCount
      if records & 0xFFFF == 0 { try Interruption.check() }
    }
    processorSeconds = watch.processorSeconds
    seconds = watch.seconds
    self.records = records
    self.rawBytes = rawBytes
    guard reader.position >= end, reader.skippedRecords == 0 else {
      throw BenchmarkError.cannotMeasure("the log lost records while it was read; look at the disk's health (dmesg)")
    }
  }
}
