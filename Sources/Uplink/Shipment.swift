import Bytes
package import Records

/// A contiguous range of offsets that goes to the far side as one, cut once. Its boundaries are on disk before it is sent,
/// so that after a crash the very same shipment is made of the log again and sent again.
package struct Shipment: Hashable, Sendable {
  package let first: Offset
  /// Behind the last.
  package let end: Offset

  package init(first: Offset, end: Offset) {
    precondition(first < end)
    self.first = first
    self.end = end
  }

  private static let version: UInt8 = 1

  /// The note beside the cursor's position: version 1, first and end, big-endian, and what the far side recognises the
  /// shipment by.
  package func note(_ identity: [UInt8] = []) -> [UInt8] {
    var writer = ByteWriter(capacity: 48)
    writer.append(Self.version)
    writer.append(first)
    writer.append(end)
    writer.append(identity)
    return writer.array
  }

  /// What follows the offsets in a note.
  package static func identity(in note: [UInt8]) -> [UInt8] { Array(note.dropFirst(17)) }

  /// Nil where the note says that nothing was on its way.
  package init?(note: [UInt8]) {
    var reader = ByteReader(note.span.bytes)
    guard reader.uint8() == Self.version, let first = reader.int64(), let end = reader.int64(), first < end else {
      return nil
    }
    self.init(first: first, end: end)
  }
}
