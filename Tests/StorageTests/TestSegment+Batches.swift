import Records
import Support

extension TestSegment {
  /// Offsets 0 to 8 in three batches, of which the second is compressed.
  static func ofThreeBatches() -> TestSegment {
    var segment = TestSegment()
    segment.add(2)
    segment.add(3, codec: .zstd)
    segment.add(4)
    return segment
  }
}
