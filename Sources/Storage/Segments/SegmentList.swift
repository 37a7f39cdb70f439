package import Records
import Synchronization

/// Which segments there are, oldest first, and how far the log is durable. Shared by the commit, which changes it, and
/// by readers of any thread.
package final class SegmentList: Sendable {
  private let segments: Mutex<[Segment]>
  private let end: Atomic<Int64>

  package struct Segment: Hashable, Sendable {
    package let base: Offset
    /// Bytes of batches in it.
    package var bytes: Int
  }

  /// - Parameter durableEnd: the offset behind the last durable record; `Offset.max` for a reader from outside, which
  ///   cannot know and trusts checksums alone.
  init(_ segments: [Segment], durableEnd: Offset) {
    self.segments = Mutex(segments)
    end = Atomic(durableEnd)
  }

  var durableEnd: Offset { end.load(ordering: .acquiring) }

  /// Publishes that everything below `offset` is on disk.
  func advance(durableEnd offset: Offset) {
    end.store(offset, ordering: .releasing)
  }

  package var all: [Segment] { segments.withLock { $0 } }

  var startOffset: Offset { segments.withLock { $0.first?.base ?? 0 } }

  var totalBytes: Int { segments.withLock { $0.reduce(0) { $0 + $1.bytes } } }

  var count: Int { segments.withLock { $0.count } }

  /// The segment that has `offset`, or would have it; the oldest where it is below all.
  func segment(containing offset: Offset) -> Segment? {
    segments.withLock { segments in
      segments.last { $0.base <= offset } ?? segments.first
    }
  }

  /// The base of the segment after the one that begins at `base`.
  func base(after base: Offset) -> Offset? {
    segments.withLock { segments in segments.first { $0.base > base }?.base }
  }

  func append(_ segment: Segment) {
    segments.withLock { $0.append(segment) }
  }

  func setLastBytes(_ bytes: Int) {
    segments.withLock { $0[$0.count - 1].bytes = bytes }
  }

  /// Takes the oldest `count` segments off.
  func removeOldest(_ count: Int) {
    segments.withLock { $0.removeFirst(count) }
  }

  func replaceAll(_ newSegments: [Segment]) {
    segments.withLock { $0 = newSegments }
  }
}
