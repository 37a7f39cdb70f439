import Bytes
import Records
import Storage

/// Everything a reader finds, from one offset to the durable end.
struct LogContents: Equatable {
  struct Found: Equatable {
    let offset: Offset
    /// The record's number; `gap` for a gap record.
    let number: Int
    let bytes: Int
    let milliseconds: Int64
  }

  static let gap = -1

  private(set) var records: [Found] = []
  /// The payloads of the gap records.
  private(set) var gaps: [String] = []

  /// Reads all there is for `reader`.
  mutating func read(_ reader: inout LogReader) throws {
    while let record = try reader.next() {
      let milliseconds = record.timestamp.milliseconds
      if record.topic.byteCount > 1 {
        gaps.append(record.payload.text)
        records.append(Found(offset: record.offset, number: Self.gap, bytes: 0, milliseconds: milliseconds))
      } else if let number = SimulatedRecords.number(of: record.payload) {
        let bytes = record.payload.byteCount
        records.append(Found(offset: record.offset, number: number, bytes: bytes, milliseconds: milliseconds))
      } else {
        throw BrokenPromise("offset \(record.offset) has contents that nobody appended")
      }
    }
  }

  init() {}

  init(_ log: Log) throws {
    var reader = log.makeReader(at: 0)
    try read(&reader)
  }

  init(_ log: StoredLog) throws {
    var reader = log.makeReader(at: 0)
    try read(&reader)
  }

  /// Offsets that gap records say retention took from a consumer.
  var retiredUnread: [Range<Offset>] {
    gaps.compactMap { gap in
      guard gap.contains(#""retention""#) else { return nil }
      let words = gap.split(whereSeparator: { " \",".contains($0) })
      guard let place = words.firstIndex(of: "offsets"), let first = Offset(words[place + 1]),
        let last = Offset(words[place + 3])
      else { return nil }
      return first..<(last + 1)
    }
  }
}
