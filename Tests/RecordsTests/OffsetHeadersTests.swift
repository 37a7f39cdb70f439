import Bytes
import Records
import Support
import Testing

/// Records of a batch that are given their offset in a header.
struct OffsetHeadersTests {
  /// Records with some headers and without, short and long ones.
  private func makeBatch(_ count: Int, at base: Offset, seed: UInt64 = 7) -> RecordBatchBuilder {
    var random = SeededGenerator(seed: seed)
    var builder = RecordBatchBuilder()
    for number in 0..<count {
      var headers = RecordHeaders()
      for index in 0..<random.below(4) { headers.add("h\(index)", String(repeating: "v", count: random.below(90))) }
      let topic = Array("plant/\(number % 3)".utf8)
      var payload = [UInt8](repeating: 0, count: random.below(300))
      for index in payload.indices { payload[index] = UInt8(random.below(256)) }
      let time = Timestamp(milliseconds: 1_700_000_000_000 + Int64(random.below(1000)) - 500)
      builder.append(topic: topic.span.bytes, payload: payload.span.bytes, at: time, headers: headers)
    }
    builder.finish(baseOffset: base)
    return builder
  }

  private func headers() -> OffsetHeaders {
    var headers = RecordHeaders()
    headers.add("gateway", "g")
    return OffsetHeaders(headers, offset: "at")
  }

  /// What a batch gives; nil: it is malformed.
  private func records(_ header: RecordBatchHeader, _ bytes: RawSpan) -> [OwnedRecord]? {
    var iterator = RecordIterator(header, records: bytes)
    var found: [OwnedRecord] = []
    while let record = iterator.next() { found.append(record.copy) }
    return iterator.isMalformed ? nil : found
  }

  @Test(arguments: [Offset(0), 7, 95, 99_990, 1_000_000_000_000])
  func `every record is as it was, with its offset behind its own headers`(base: Offset) {
    let batch = makeBatch(200, at: base)
    var header = batch.currentHeader
    header.baseOffset = base
    var extended = RecordBatchBuilder()
    let isTaken = extended.take(header, records: batch.recordBytes, adding: headers())
    #expect(isTaken)
    let taken = extended.currentHeader
    #expect(taken.recordCount == 200 && taken.lastOffsetDelta == 199)
    #expect(taken.baseTimestamp == header.baseTimestamp && taken.maxTimestamp == header.maxTimestamp)
    var before = RecordIterator(header, records: batch.recordBytes)
    var after = RecordIterator(header, records: extended.recordBytes)
    for number in 0..<200 {
      guard let old = before.next(), let new = after.next() else {
        Issue.record("record \(number) is missing")
        return
      }
      let isSame =
        old.topic.elementsEqual(new.topic) && old.payload.elementsEqual(new.payload) && old.timestamp == new.timestamp
        && old.offset == new.offset
      var expected = ByteWriter()
      expected.append(old.headerBytes)
      expected.append(header: "gateway", "g")
      expected.append(header: "at", "\(base + Int64(number))")
      let hasHeaders = new.headerCount == old.headerCount + 2 && new.headerBytes.elementsEqual(expected.bytes)
      #expect(isSame && hasHeaders, "record \(number)")
    }
    #expect(after.next() == nil && !after.isMalformed)
  }

  @Test(arguments: [Offset(0), 8, 95, 99_990, 999_999_999_999, Offset.max - 300])
  func `how many bytes they are is known without writing them`(first: Offset) {
    var written = ByteWriter()
    for offset in first..<(first + 200) { headers().append(to: &written, offset: offset) }
    #expect(headers().byteCount(first, count: 200) == written.count)
  }

  @Test func `an identity is left out of what a batch gives, and only where there is one`() {
    let batch = makeBatch(200, at: 7)
    var header = batch.currentHeader
    header.baseOffset = 7
    var extended = RecordBatchBuilder()
    let isTaken = extended.take(header, records: batch.recordBytes, adding: .identity(gateway: "g", epoch: "e"))
    #expect(isTaken)
    var identified = header
    identified.isIdentified = true
    #expect(identified.codec == RecordBatchHeader.Codec.none && identified.attributes == 0x8000)
    let before = records(header, batch.recordBytes)
    #expect(before?.count == 200)
    #expect(records(identified, extended.recordBytes) == before)
    // Of those without, some have fewer headers than an identity is.
    #expect(records(identified, batch.recordBytes) == nil)
  }

  @Test func `one that is not as it should be is not taken`() {
    let batch = makeBatch(40, at: 0)
    let header = batch.currentHeader
    let bytes = batch.recordBytes.array
    var builder = RecordBatchBuilder()
    for end in 0..<bytes.count {
      let isTaken = builder.take(header, records: bytes.span.bytes.extracting(0..<end), adding: headers())
      #expect(!isTaken && builder.isEmpty, "cut at \(end)")
    }
    var fewer = header
    fewer.recordCount -= 1
    let isTaken = builder.take(fewer, records: bytes.span.bytes, adding: headers())
    #expect(!isTaken)
    // Whatever the bytes are, none is written where it does not belong.
    var random = SeededGenerator(seed: 1)
    for _ in 0..<20_000 {
      var spoilt = bytes
      for _ in 0..<(1 + random.below(3)) { spoilt[random.below(spoilt.count)] = UInt8(random.below(256)) }
      _ = builder.take(header, records: spoilt.span.bytes, adding: headers())
    }
  }

  @Test func `a record that is not numbered without a gap is not taken`() {
    var batch = RecordBatchBuilder()
    for delta in [0, 2] {
      batch.append(
        topic: "t".utf8.span.bytes, payload: "p".utf8.span.bytes, at: Timestamp(milliseconds: 0), offsetDelta: delta)
    }
    var builder = RecordBatchBuilder()
    let isTaken = builder.take(batch.currentHeader, records: batch.recordBytes, adding: headers())
    #expect(!isTaken)
  }
}
