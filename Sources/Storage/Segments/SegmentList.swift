import Platform
package import Records
import Synchronization

/// Which segments there are, oldest first, and how far the log is durable. Shared by the commit and the sealer, which
/// change it, and by readers of any thread.
package final class SegmentList: Sendable {
  fileprivate let state: Mutex<State>
  private let end: Atomic<Int64>
  /// For the sealer, which sleeps until there may be work for it.
  private let changes = Condition(Changes())

  private struct Changes {
    var count = 1
    var isClosed = false
  }

  package struct Segment: Hashable, Sendable {
    package let base: Offset
    /// Bytes of batches in it.
    package var bytes: Int
    /// Nil for the newest, and where nobody has read the segment since its index was lost.
    package var summary: SegmentSummary?
    /// A reader found damage in it.
    package var isDamaged = false

    package var isSealed: Bool { summary?.isSealed ?? false }

    package init(base: Offset, bytes: Int, summary: SegmentSummary? = nil) {
      self.base = base
      self.bytes = bytes
      self.summary = summary
    }
  }

  fileprivate struct State {
    var segments: [Segment]
    /// Of the newest segment, and of closed ones until they are in their files.
    var indexes: [Offset: SegmentIndex] = [:]
  }

  /// - Parameters:
  ///   - durableEnd: the offset behind the last durable record; `Offset.max` for a reader from outside, which
  ///     cannot know and trusts checksums alone.
  ///   - newestIndex: of the last of `segments`.
  init(_ segments: [Segment], durableEnd: Offset, newestIndex: SegmentIndex? = nil) {
    var state = State(segments: segments)
    if let newestIndex { state.indexes[newestIndex.base] = newestIndex }
    self.state = Mutex(state)
    end = Atomic(durableEnd)
  }

  var durableEnd: Offset { end.load(ordering: .acquiring) }

  /// Publishes that everything below `offset` is on disk.
  func advance(durableEnd offset: Offset) {
    end.store(offset, ordering: .releasing)
  }

  package var all: [Segment] { state.withLock { $0.segments } }

  var startOffset: Offset { state.withLock { $0.segments.first?.base ?? 0 } }

  var totalBytes: Int { state.withLock { $0.segments.reduce(0) { $0 + $1.bytes } } }

  var count: Int { state.withLock { $0.segments.count } }

  /// The segment that has `offset`, or would have it; the oldest where it is below all.
  func segment(containing offset: Offset) -> Segment? {
    state.withLock { state in
      state.index(of: offset).map { state.segments[$0] } ?? state.segments.first
    }
  }

  /// The base of the segment after the one that begins at `base`.
  func base(after base: Offset) -> Offset? {
    state.withLock { state in
      let next = state.index(of: base).map { $0 + 1 } ?? 0
      return next < state.segments.count ? state.segments[next].base : nil
    }
  }
}

extension SegmentList.State {
  /// Where the last segment at or below `offset` is.
  fileprivate func index(of offset: Offset) -> Int? {
    var low = 0
    var high = segments.count
    while low < high {
      let middle = (low + high) / 2
      if segments[middle].base <= offset { low = middle + 1 } else { high = middle }
    }
    return low > 0 ? low - 1 : nil
  }

  /// Where the segment that begins at `base` is.
  fileprivate func index(ofBase base: Offset) -> Int? {
    index(of: base).flatMap { segments[$0].base == base ? $0 : nil }
  }
}

// What the commit and the sealer change.
extension SegmentList {
  /// Notes a batch that the newest segment has at `position`.
  func noteBatch(_ header: RecordBatchHeader, at position: Int) {
    state.withLock { state in
      let base = state.segments[state.segments.count - 1].base
      state.indexes[base, default: SegmentIndex(base: base)].add(header, at: position)
    }
  }

  func setLastBytes(_ bytes: Int) {
    state.withLock { $0.segments[$0.segments.count - 1].bytes = bytes }
  }

  /// Begins a new newest segment, empty, at `base`; the one before it is closed.
  func roll(to base: Offset) {
    state.withLock { state in
      let last = state.segments.count - 1
      if last >= 0 {
        let closed = state.segments[last]
        state.indexes[closed.base]?.setSizes(unsealedBytes: closed.bytes, isSealed: false)
        state.segments[last].summary = state.indexes[closed.base]?.summary
      }
      state.segments.append(Segment(base: base, bytes: 0))
    }
    noteChange()
  }

  /// Puts what recovery has made of the newest segment in its place.
  func replaceNewest(by newest: [Segment], _ index: SegmentIndex) {
    state.withLock { state in
      state.segments.replaceSubrange(state.segments.indices.suffix(1), with: newest)
      state.indexes[index.base] = index
    }
    noteChange()
  }

  /// Takes the oldest `count` segments off.
  func removeOldest(_ count: Int) {
    state.withLock { state in
      for segment in state.segments.prefix(count) { state.indexes[segment.base] = nil }
      state.segments.removeFirst(count)
    }
  }

  /// Puts another file in the place of the segment that begins at `base`. `install` renames it there, while nobody can
  /// take the segment off.
  /// - Returns: false where the segment has been taken off meanwhile.
  func replace<Failure: Error>(
    _ base: Offset, bytes: Int, summary: SegmentSummary, install: () throws(Failure) -> Void
  ) throws(Failure) -> Bool {
    try state.withLock { state throws(Failure) in
      guard let place = state.index(ofBase: base) else { return false }
      try install()
      state.segments[place].bytes = bytes
      state.segments[place].summary = summary
      state.segments[place].isDamaged = false
      state.indexes[base] = nil
      return true
    }
  }

  /// Asks for the segment to be gone over: a reader could not read all of it.
  func markDamaged(_ base: Offset) {
    state.withLock { state in
      guard let place = state.index(ofBase: base), place < state.segments.count - 1 else { return }
      state.segments[place].isDamaged = true
    }
    noteChange()
  }

  func replaceAll(_ newSegments: [Segment]) {
    state.withLock { $0.segments = newSegments }
  }
}

// What the sealer waits for.
extension SegmentList {
  private func noteChange() {
    changes.withLock { $0.count += 1 }
    changes.broadcast()
  }

  /// Sleeps until there has been a change after the one that was called `seen`; at first there is one.
  /// - Returns: what the newest change is called; nil once the log is closed.
  func waitForChange(after seen: Int) -> Int? {
    let change: Int?? = changes.wait { changes in
      if changes.isClosed { return .some(nil) }
      return changes.count > seen ? .some(changes.count) : nil
    }
    return change ?? nil
  }

  var isClosed: Bool { changes.withLock { $0.isClosed } }

  func close() {
    changes.withLock { $0.isClosed = true }
    changes.broadcast()
  }
}

// Where in a segment to begin, as far as that is in memory.
extension SegmentList {
  enum IndexLookup: Hashable {
    /// Begin at the entry; nil: at the segment's start.
    case inMemory(SegmentIndex.Entry?)
    /// The index is in its file, if anywhere.
    case inFile
  }

  func lookUp(_ base: Offset, _ find: (SegmentIndex) -> SegmentIndex.Entry?) -> IndexLookup {
    state.withLock { state in
      state.indexes[base].map { .inMemory(find($0)) } ?? .inFile
    }
  }

  /// Indexes of closed segments that are in memory alone.
  var unwrittenIndexes: [(segment: Segment, index: SegmentIndex)] {
    state.withLock { state in
      state.segments.dropLast().compactMap { segment in state.indexes[segment.base].map { (segment, $0) } }
    }
  }

  /// Forgets the index of a closed segment, which is in its file now.
  func forgetIndex(_ base: Offset) {
    state.withLock { state in
      guard base != state.segments.last?.base else { return }
      state.indexes[base] = nil
    }
  }
}
