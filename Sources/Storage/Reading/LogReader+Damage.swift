import Platform
import Records

// The ends of segments, and damage in them.
extension LogReader {
  /// The end of the file, or zeros: of the segment's batches, or damage in front of more of them. False where there is
  /// nothing behind yet.
  mutating func passEnd() throws(SystemError) -> Bool {
    try refreshList()
    if segments.base(after: segmentBase) == position {
      scanner = nil
      return true
    }
    // Zeros behind the newest batch are room for the next. That must not be searched at every look.
    guard position != searchedPosition else { return false }
    searchedPosition = position
    return try passDamage()
  }

  /// Leaves the segment, whose batches have all been read. False where there is no newer one yet.
  mutating func enterNextSegment() -> Bool {
    let name = SegmentName.fileName(base: segmentBase)
    guard let next = segments.base(after: segmentBase) else {
      guard segments.durableEnd != Offset.max else { return false }
      // The durable end is past what the newest segment has: the rest of it is damaged away.
      guard position < trustedEnd else { return false }
      report(position..<trustedEnd, "they are missing at the end of \(name)")
      position = trustedEnd
      return false
    }
    if position < next {
      report(position..<next, "they are missing at the end of \(name)")
      position = next
    }
    scanner = nil
    return true
  }

  /// Passes over bytes that are no intact batch. False where they may yet become one.
  mutating func passDamage() throws(SystemError) -> Bool {
    if passRetired() { return true }
    let name = SegmentName.fileName(base: segmentBase)
    let isOutside = segments.durableEnd == Offset.max
    guard let (isFound, damage) = try resynchronise() else { return true }
    if isFound {
      guard case .batch(let header) = try scanner!.peek() else { return true }
      report(position..<max(position, header.baseOffset), "\(name) is damaged at byte \(damage.lowerBound)")
      position = max(position, header.baseOffset)
      return true
    }
    if enterNextSegment() { return true }
    // Seen from outside, the newest bytes may be a batch that is just being written.
    if isOutside { scanner = nil }
    return false
  }

  /// Goes to the next intact batch; nil where the disk does not give what is to be searched.
  private mutating func resynchronise() throws(SystemError) -> (isFound: Bool, damage: Range<Int>)? {
    do throws(SystemError) {
      return try search()
    } catch {
      try passUnreadable(error)
      return nil
    }
  }

  private mutating func search() throws(SystemError) -> (isFound: Bool, damage: Range<Int>) {
    try scanner!.resynchronise(
      minimum: scanner!.expected ?? segmentBase, limit: segments.base(after: segmentBase) ?? .max)
  }

  /// Leaves a segment that retention has taken meanwhile, with its blocks, which looks like damage. False where it has not.
  private mutating func passRetired() -> Bool {
    let start = segments.startOffset
    guard start > segmentBase else { return false }
    skippedRecords += Int(max(0, start - position))
    position = max(position, start)
    scanner = nil
    return true
  }

  /// Passes over the rest of a segment that the disk does not give, where it gives the next one.
  /// - Throws: `error` where it does not: then it is the disk that has failed, and nobody knows what is lost.
  mutating func passUnreadable(_ error: SystemError) throws(SystemError) {
    guard let next = segments.base(after: segmentBase),
      BatchScanner.isReadable(next, isClosed: segments.base(after: next) != nil, in: directory, disk)
    else { throw error }
    report(position..<max(position, next), "the disk does not give them: \(error)")
    position = max(position, next)
    scanner = nil
  }

  mutating func report(_ lost: Range<Offset>, _ reason: String) {
    guard !lost.isEmpty else { return }
    skippedRecords += lost.count
    segments.markDamaged(segmentBase)
    Journal.warning("records \(lost.lowerBound) to \(lost.upperBound - 1) cannot be read: \(reason)")
  }
}
