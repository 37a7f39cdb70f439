package import Records

/// What writing a segment anew came to.
package struct RewrittenSegment: Sendable {
  package let base: Offset
  /// Whether there is a new file; otherwise the old one can stay.
  package internal(set) var isChanged = false
  /// Of the new file, or of the old one that stays.
  package internal(set) var bytes = 0
  package internal(set) var records = 0
  /// Byte ranges of the old file that were no intact batch; they are in the quarantine.
  package internal(set) var damage: [Range<Int>] = []
  /// Offsets found to have no record any more.
  package internal(set) var lost: [Range<Offset>] = []
  var index: SegmentIndex
  var topics: SegmentTopics
  var unsealedBytes = 0

  init(base: Offset) {
    self.base = base
    index = SegmentIndex(base: base)
    topics = SegmentTopics(base: base)
  }

  package var lostRecords: Int { lost.reduce(0) { $0 + $1.count } }
}
