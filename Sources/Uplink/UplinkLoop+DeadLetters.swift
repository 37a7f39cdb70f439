import Platform
import Records
import Storage

// What the far side refuses for good.
extension UplinkLoop {
  /// Puts it into the log as dead letters, durably. All of it is of the first shipment.
  func deadLetter(_ refused: [RefusedRecord]) throws(StorageError) {
    guard !refused.isEmpty, let flight = flights.first else { return }
    // What can be read of it is all there is to say.
    if !flight.contents.unpack() { try remake(flight) }
    let reasons = Dictionary(refused.map { ($0.index, $0.reason) }, uniquingKeysWith: { first, _ in first })
    Self.append(reasons, of: flight.contents, uplink: status.name, at: time.wallMilliseconds(), to: &appender)
    status.deadLetters += reasons.count
    try appender.flushAndWait()
  }

  private static func append(
    _ reasons: [Int: String], of contents: borrowing ShipmentContents, uplink: String, at now: Int64,
    to appender: inout Appender
  ) {
    var iterator = RecordIterator(contents.header, records: contents.recordBytes)
    var index = 0
    while let record = iterator.next() {
      defer { index += 1 }
      guard let reason = reasons[index] else { continue }
      var headers = RecordHeaders()
      headers.add(RecordHeaderKey.reason, reason)
      headers.add(RecordHeaderKey.attempts, "1")
      headers.add(RecordHeaderKey.originalOffset, "\(record.offset)")
      headers.add(RecordHeaderKey.originalTopic, record.topic)
      appender.append(
        topic: (Topic.deadLetterPrefix + "uplink-" + uplink).utf8.span.bytes, payload: record.payload,
        at: Timestamp(milliseconds: now), headers: headers)
      Journal.warning("uplink \(uplink): record \(record.offset) is refused and set aside: \(reason)")
    }
  }
}
