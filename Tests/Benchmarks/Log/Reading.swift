import Records
import Storage

/// One walk over a log from its oldest record to its end.
struct Reading {
  var records = 0
  /// Of the reading thread.
  var processorSeconds = 0.0
  var seconds = 0.0
  private var payloadBytes = 0

  init(_ log: Log) throws {
    var reader = log.makeReader(at: log.startOffset)
    let watch = Stopwatch()
    while let record = try reader.next() {
      records += 1
      // So that no compiler may leave the decoding out.
      payloadBytes += record.payload.byteCount
      if records & 0xFFFF == 0 { try Interruption.check() }
    }
    processorSeconds = watch.processorSeconds
    seconds = watch.seconds
    guard reader.skippedRecords == 0, payloadBytes > 0 else {
      throw BenchmarkError.cannotMeasure("the log lost records while it was read; look at the disk's health (dmesg)")
    }
  }
}
