import Records
import Storage
import Support

/// A consumer of a simulation, over all its restarts: where its cursor may stand.
final class SimulatedConsumer {
  let name: String
  private var cursor: Cursor?
  /// Where it stands.
  private(set) var position: Offset = 0
  /// Where it may stand after a restart: several offsets, where a commit has failed and its sync with it.
  private var possible: Set<Offset> = [0]
  private var earlier: Set<Offset> = [0]

  init(_ name: String) {
    self.name = name
  }

  /// Opens the cursor and holds it against what was committed.
  /// - Parameters:
  ///   - isDurable: whether what is there is on the disk for certain.
  ///   - isDamaged: a bit of its file was flipped: it may stand where it stood before.
  ///   - isMoved: the log has lost its end, and what came after it: it may stand there, in front of the record that says so.
  func open(_ log: Log, isDurable: Bool, isDamaged: Bool = false, isMoved: Bool = false) throws {
    cursor = nil
    let opened = try log.openCursor(name)
    let found = opened.position
    if isDamaged { possible.formUnion(earlier) }
    guard (log.startOffset...log.durableEnd).contains(found) else {
      throw BrokenPromise("\(name) is at \(found), outside \(log.startOffset)...\(log.durableEnd)")
    }
    let ends = isMoved ? [log.durableEnd, log.durableEnd - 1] : [log.durableEnd]
    guard possible.contains(where: { here in ends.contains { min(max(here, log.startOffset), $0) == found } }) else {
      throw BrokenPromise("\(name) is at \(found), and was committed at \(possible.sorted())")
    }
    cursor = consume opened
    position = found
    if isDurable || possible.count == 1 { possible = [found] }
  }

  func close() { cursor = nil }

  /// Moves the cursor to somewhere between here and the end.
  func advance(_ log: Log, _ random: inout SeededGenerator) throws {
    let end = log.durableEnd
    guard cursor != nil, position < end else { return }
    let target = position + 1 + Offset(random.below(Int(end - position)))
    possible.insert(target)
    earlier.insert(target)
    try cursor!.commit(target)
    position = target
    possible = [target]
  }
}
