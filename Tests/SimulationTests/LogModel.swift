import Records

/// What was promised: every record ever appended, whether it was acknowledged, and which offset it was seen at.
struct LogModel {
  private struct Entry {
    let producer: Int
    let bytes: Int
    let milliseconds: Int64
    var offset: Offset?
    var isAcknowledged = false
    /// The last check that found it.
    var check = 0
  }

  private var entries: [Entry] = []
  private var checks = 0
  private var producers = 0
  /// Which record each offset was once read as. An offset is part of a record's identity: it never comes to mean another.
  private var identities: [Int] = []
  private static let unread = Int.min
  /// Batches that a flipped bit has touched.
  private(set) var damaged: [Range<Offset>] = []
  /// Retention has taken everything below, or was about to.
  private var startOffset: Offset = 0
  private var checkedStart: Offset = 0

  /// Records that were acknowledged and that the last check has not found, for any reason that excuses it.
  private(set) var excused = 0

  var count: Int { entries.count }

  mutating func append(producer: Int, bytes: Int, milliseconds: Int64) -> Int {
    producers = max(producers, producer + 1)
    entries.append(Entry(producer: producer, bytes: bytes, milliseconds: milliseconds))
    return entries.count - 1
  }

  mutating func acknowledge(_ number: Int) {
    entries[number].isAcknowledged = true
  }

  /// Retention has taken what is below `offset`; where the disk refuses to remove it, it may come back.
  mutating func retire(below offset: Offset) {
    startOffset = max(startOffset, offset)
  }

  /// The oldest records of a log that was just dropping them when its process ended may be gone, up to where every
  /// consumer has got them or gap records say so.
  mutating func retire(upTo contents: LogContents, consumed: Offset) {
    let told = contents.retiredUnread
    var end = min(consumed, contents.records.first?.offset ?? consumed)
    while let first = contents.records.first?.offset, end < first,
      let range = told.first(where: { $0.contains(end) })
    {
      end = range.upperBound
    }
    retire(below: end)
  }

  /// From now on the records at `offsets` may be missing.
  mutating func damage(_ offsets: Range<Offset>) {
    damaged.append(offsets)
  }

  /// With a new epoch, an offset may mean another record.
  mutating func beginEpoch() {
    identities.removeAll()
  }

  /// What a reader has found of a log that is running.
  mutating func see(_ found: LogContents.Found) throws {
    let place = Int(found.offset)
    guard place < entries.count * 2 + 1000 else {
      throw BrokenPromise("offset \(place) is far beyond anything that was appended")
    }
    while identities.count <= place { identities.append(Self.unread) }
    guard identities[place] == Self.unread || identities[place] == found.number else {
      throw BrokenPromise("offset \(place) was record \(identities[place]) and is \(found.number) now")
    }
    identities[place] = found.number
    guard found.number != LogContents.gap else { return }
    guard entries.indices.contains(found.number) else {
      throw BrokenPromise("record \(found.number) was never appended")
    }
    let entry = entries[found.number]
    guard entry.bytes == found.bytes, entry.milliseconds == found.milliseconds else {
      throw BrokenPromise("record \(found.number) is not what was appended")
    }
    guard entry.offset == nil || entry.offset == found.offset else {
      throw BrokenPromise("record \(found.number) was at offset \(entry.offset!) and is at \(found.offset) now")
    }
    entries[found.number].offset = found.offset
  }

  /// Holds the whole log against what was promised.
  /// - Parameter isDurable: whether what is there is on the disk for certain, and so must stay from now on.
  mutating func check(_ contents: LogContents, startOffset start: Offset, isDurable: Bool) throws {
    checks += 1
    var previous: Offset = -1
    var lastOfProducer = [Int](repeating: -1, count: producers)
    var firstOfProducer = [Int](repeating: Int.max, count: producers)
    for found in contents.records {
      guard found.offset > previous else { throw BrokenPromise("offset \(found.offset) comes after \(previous)") }
      previous = found.offset
      try see(found)
      guard found.number != LogContents.gap else { continue }
      let producer = entries[found.number].producer
      guard found.number > lastOfProducer[producer] else {
        throw BrokenPromise("record \(found.number) is there twice or out of its producer's order")
      }
      lastOfProducer[producer] = found.number
      if firstOfProducer[producer] == Int.max { firstOfProducer[producer] = found.number }
      entries[found.number].check = checks
      if isDurable { entries[found.number].isAcknowledged = true }
    }
    try checkMissing(start, firstOfProducer)
    retire(below: start)
    checkedStart = startOffset
  }

  private mutating func checkMissing(_ start: Offset, _ firstOfProducer: [Int]) throws {
    excused = 0
    for number in entries.indices where entries[number].isAcknowledged && entries[number].check != checks {
      let entry = entries[number]
      excused += 1
      if let offset = entry.offset {
        if offset < max(start, startOffset) || damaged.contains(where: { $0.contains(offset) }) { continue }
      } else if max(start, startOffset) > checkedStart, number < firstOfProducer[entry.producer] {
        // Retention took it before anybody read it, and with it everything its producer had sent before.
        entries[number].isAcknowledged = false
        continue
      }
      throw BrokenPromise("record \(number), acknowledged, at offset \(entry.offset ?? -1), is lost")
    }
  }

  /// The records behind `offset` never were, as far as the log can know: their batch is damaged like one that was never
  /// written as a whole, and their offsets are given out again.
  mutating func forget(from offset: Offset) {
    for place in identities.indices.dropFirst(Int(offset)) where identities[place] != Self.unread {
      let number = identities[place]
      identities[place] = Self.unread
      guard number != LogContents.gap else { continue }
      entries[number].isAcknowledged = false
      entries[number].offset = nil
    }
  }
}
