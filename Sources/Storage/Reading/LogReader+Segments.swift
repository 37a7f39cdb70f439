import Platform
package import Records

// Going to a place in the log, and from segment to segment.
extension LogReader {
  /// Goes to `offset`, back or forth.
  package mutating func seek(to offset: Offset) {
    position = offset
    soughtTime = nil
    scanner = nil
    header = nil
  }

  /// Goes to the first record of `time` or later, in log order; to the end where there is none yet. `position` is somewhere
  /// before it until the next call of `next`. Records before `time` may come behind it: clocks jump.
  package mutating func seek(to time: Timestamp) throws(StorageError) {
    do throws(SystemError) {
      try refreshList()
    } catch {
      throw .disk(error)
    }
    for segment in segments.all {
      if let times = segment.summary?.times, times.upperBound < time { continue }
      let entry = findEntry(of: segment) { $0.entry(from: time) }
      seek(to: max(entry?.offset ?? segment.base, segment.base))
      soughtTime = time
      return
    }
    if let newest = segments.all.last { seek(to: newest.base) }
    soughtTime = time
  }

  /// Opens the segment that has `position`, unless it is open. False where retention has taken it meanwhile, or where
  /// nothing that is wanted follows.
  mutating func openSegment() throws(SystemError) -> Bool {
    if scanner != nil { return true }
    while position < segments.durableEnd {
      guard let segment = segments.segment(containing: position) else { return false }
      if segment.base > position {
        skippedRecords += Int(segment.base - position)
        position = segment.base
      }
      if let next = segments.base(after: segment.base), !isWanted(segment) {
        position = next
        continue
      }
      let before = position
      if try openReadable(segment) { return true }
      if position > before { continue }
      try refreshList()
      // Still listed and not there: somebody removed a file by hand. What follows it can be read.
      guard segments.segment(containing: position)?.base == segment.base else { continue }
      guard let next = segments.base(after: segment.base) else { return false }
      skippedRecords += Int(next - position)
      position = next
    }
    return false
  }

  /// Whether a segment may hold what is asked for, by what lies beside it.
  private func isWanted(_ segment: SegmentList.Segment) -> Bool {
    guard let summary = segment.summary, !segment.isDamaged else { return true }
    if let oldest, let times = summary.times, times.upperBound < oldest { return false }
    return filters.isEmpty || !summary.isSealed || directory.mayMatch(filters, segment, disk)
  }

  /// False where the file is not there, or where the disk does not give the segment: then `position` has gone on to the next.
  private mutating func openReadable(_ segment: SegmentList.Segment) throws(SystemError) -> Bool {
    do throws(SystemError) {
      return try open(segment)
    } catch {
      segmentBase = segment.base
      try passUnreadable(error)
      return false
    }
  }

  /// False where the file is not there.
  private mutating func open(_ segment: SegmentList.Segment) throws(SystemError) -> Bool {
    do throws(SystemError) {
      trustedEnd = segments.durableEnd
      let file = try disk.open(directory.file(.segment, segment.base), .read)
      scanner = try makeScanner(file, segment)
      segmentBase = segment.base
      return true
    } catch {
      guard error.isNotFound else { throw error }
      return false
    }
  }

  /// A scanner from the last indexed batch before `position` on; from the segment's start where the index is wrong.
  private func makeScanner(_ file: any DiskFile, _ segment: SegmentList.Segment) throws(SystemError) -> BatchScanner {
    if position > segment.base, let entry = findEntry(of: segment, { $0.entry(before: position) }) {
      var scanner = BatchScanner(
        file, base: segment.base, position: entry.position, offset: entry.offset, passesUnreadable: true)
      if case .batch = try scanner.peek() { return scanner }
    }
    return BatchScanner(file, base: segment.base, passesUnreadable: true)
  }

  private func findEntry(
    of segment: SegmentList.Segment, _ find: (SegmentIndex) -> SegmentIndex.Entry?
  ) -> SegmentIndex.Entry? {
    switch segments.lookUp(segment.base, find) {
    case .inMemory(let entry): entry
    case .inFile: directory.readIndex(of: segment, disk).flatMap(find)
    }
  }

  /// From outside, the list of segments is as old as the reader; inside, the commit keeps it.
  mutating func refreshList() throws(SystemError) {
    if segments.durableEnd == Offset.max { segments.replaceAll(try directory.listSegments(disk)) }
  }
}
