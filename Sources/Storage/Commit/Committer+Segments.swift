import Platform
import Records

// Segments.
extension Committer {
  /// Sees to it that so many bytes can be written; false where the log refuses them.
  /// - Parameter isOwn: taken over the limits, as long as the disk has room: what must be written so that others can go.
  func makeRoom(for bytes: Int, isOwn: Bool) throws(SystemError) -> Bool {
    guard let writer else { return false }
    if !isNextInDoubt, writer.hasRoom(for: bytes) { return true }
    let size = SegmentWriter.capacity(for: bytes, atLeast: state.configuration.segmentBytes)
    guard writer.position > 0 else {
      return try takeRoom(size) { () throws(SystemError) in try writer.makeRoom(for: size) }
    }
    if let reason = try keepLimits(demand: size), !isOwn {
      refuse(reason)
      return false
    }
    // Recovery reads the newest segment alone: what is in this one must be on disk before there is a newer.
    try writer.sync()
    return try takeRoom(size) { () throws(SystemError) in try self.roll(size) }
  }

  /// Has `attempt` reserve so many bytes of the disk, with the oldest segments gone if need be and allowed. False where the
  /// disk has no room: then the log refuses.
  private func takeRoom(_ bytes: Int, _ attempt: () throws(SystemError) -> Void) throws(SystemError) -> Bool {
    var hasDropped = false
    while true {
      do throws(SystemError) {
        try attempt()
        return true
      } catch {
        guard error.isOutOfSpace else { throw error }
        if !hasDropped, try dropOnFullDisk(bytes) {
          hasDropped = true
          continue
        }
        refuse(.diskFull)
        return false
      }
    }
  }

  /// Begins a segment at `nextOffset`, and closes the one before, which has been synced.
  func roll(_ size: Int) throws(SystemError) {
    let next = try SegmentWriter.create(
      base: nextOffset, bytes: size, in: state.directory.segments, on: disk, isInDoubt: &isNextInDoubt)
    if let writer {
      do throws(SystemError) {
        try writer.close()
      } catch {
        // Its records are on disk; only the room behind them is not given back.
        guard error.isOutOfSpace else { throw error }
      }
      state.segments.setLastBytes(writer.position)
      history.segments.append(LogHistory.Segment(base: writer.base, newest: newest))
    }
    writer = next
    state.segments.roll(to: nextOffset)
    metrics.segmentsMade += 1
    history.begun = clock.stamp(
      monotonic: state.time.monotonicNanoseconds(), wall: state.time.wallMilliseconds())
    saveHistory()
  }
}
