import Bytes

// Records of another batch, each with headers more: in one go, since whole backlogs go this way.
extension RecordBatchBuilder {
  /// Takes the records of a whole batch in place of its own, each with `headers` behind its own headers.
  /// - Parameters:
  ///   - batch: its header; its records have every offset from the first to the last.
  ///   - records: uncompressed.
  /// - Returns: false, and it is empty, where the records contradict their lengths or are not numbered like that.
  package mutating func take(_ batch: RecordBatchHeader, records: RawSpan, adding headers: OffsetHeaders) -> Bool {
    reset()
    let bound = records.byteCount + Int(batch.recordCount) * (headers.front.count + Self.addedBytes)
    var isWhole = false
    _ = writer.append(upTo: bound) { room in
      let count = Self.extend(records, batch, headers, into: room)
      isWhole = count != nil
      return count ?? 0
    }
    guard isWhole else {
      reset()
      return false
    }
    header.recordCount = batch.recordCount
    header.lastOffsetDelta = batch.lastOffsetDelta
    header.baseTimestamp = batch.baseTimestamp
    header.maxTimestamp = batch.maxTimestamp
    return true
  }

  /// Of an offset's digits and their number, and of a length and a count that may take more bytes than before.
  private static let addedBytes = 20 + 1 + 2 * VarInt.maximumBytes

  /// - Returns: how many bytes were written to `room`; nil: the records are not as they should be.
  private static func extend(
    _ records: RawSpan, _ batch: RecordBatchHeader, _ headers: OffsetHeaders, into room: UnsafeMutableRawBufferPointer
  ) -> Int? {
    records.withUnsafeBytes { source in
      headers.front.withUnsafeBytes { front in
        var walk = RecordWalk(source)
        var output = RecordOutput(room)
        var digits = DecimalCounter(batch.baseOffset)
        for delta in 0..<Int64(batch.recordCount) {
          guard let record = walk.next(), record.offsetDelta == delta else { return nil }
          let headerCount = record.headerCount + Int64(headers.count)
          output.append(
            varInt: Int64(
              record.body.count + VarInt.byteCount(ofZigZag: headerCount) + record.headers.count + front.count + 1
                + digits.count))
          output.append(UnsafeRawBufferPointer(rebasing: source[record.body]))
          output.append(varInt: headerCount)
          output.append(UnsafeRawBufferPointer(rebasing: source[record.headers]))
          output.append(front)
          output.append(varInt: Int64(digits.count))
          output.append(digits)
          digits.increment()
        }
        return walk.isAtEnd ? output.count : nil
      }
    }
  }
}

/// The records of a batch, cut where their headers begin.
private struct RecordWalk {
  private let bytes: UnsafeRawBufferPointer
  private var place = 0

  struct Found {
    let offsetDelta: Int64
    /// Everything between the length and the number of headers.
    let body: Range<Int>
    let headerCount: Int64
    let headers: Range<Int>
  }

  init(_ bytes: UnsafeRawBufferPointer) {
    self.bytes = bytes
  }

  var isAtEnd: Bool { place == bytes.count }

  mutating func next() -> Found? {
    guard let length = varInt(bytes.count), length >= 0, length <= Int64(bytes.count - place) else { return nil }
    let (start, end) = (place, place + Int(length))
    // Its attributes.
    place += 1
    guard varInt(end) != nil, let delta = varInt(end), skipBlock(end), skipBlock(end) else { return nil }
    let bodyEnd = place
    guard let count = varInt(end), count >= 0 else { return nil }
    let headers = place..<end
    place = end
    return Found(offsetDelta: delta, body: start..<bodyEnd, headerCount: count, headers: headers)
  }

  /// A length and so many bytes; a negative one is Kafka's null.
  private mutating func skipBlock(_ end: Int) -> Bool {
    guard let length = varInt(end), length <= Int64(end - place) else { return false }
    place += Int(max(length, 0))
    return true
  }

  private mutating func varInt(_ end: Int) -> Int64? {
    var (value, shift): (UInt64, UInt64) = (0, 0)
    while place < end, shift < 64 {
      let group = bytes[place]
      place += 1
      value |= UInt64(group & 0x7F) &<< shift
      if group & 0x80 == 0 { return VarInt.unZigZag(value) }
      shift += 7
    }
    return nil
  }
}

/// Writes to memory that is known to be large enough.
private struct RecordOutput {
  private let room: UnsafeMutableRawBufferPointer
  private(set) var count = 0

  init(_ room: UnsafeMutableRawBufferPointer) {
    self.room = room
  }

  mutating func append(_ bytes: UnsafeRawBufferPointer) {
    precondition(count + bytes.count <= room.count)
    guard let start = bytes.baseAddress else { return }
    (room.baseAddress! + count).copyMemory(from: start, byteCount: bytes.count)
    count += bytes.count
  }

  mutating func append(_ digits: borrowing DecimalCounter) {
    precondition(count + digits.count <= room.count)
    digits.write(to: room.baseAddress! + count)
    count += digits.count
  }

  mutating func append(varInt value: Int64) {
    var rest = VarInt.zigZag(value)
    while rest >= 0x80 {
      room[count] = UInt8(truncatingIfNeeded: rest) | 0x80
      count += 1
      rest >>= 7
    }
    room[count] = UInt8(truncatingIfNeeded: rest)
    count += 1
  }
}
