import Bytes
import Records

/// One of the two slots of a cursor file. All big-endian:
///
/// | offset | size | field |
/// |---|---|---|
/// | 0 | 4 | magic `FBcu` |
/// | 4 | 2 | version, 1 |
/// | 6 | 2 | length of the note |
/// | 8 | 8 | sequence number of the write: the larger of two intact slots is the cursor |
/// | 16 | 8 | position |
/// | 24 | n | the consumer's note |
/// | 24 + n | 4 | CRC-32C over everything before |
///
/// A slot is 4096 bytes of the file, the unit that disks write whole or not at all; the two are written in turn, so a
/// torn write leaves the other. Both damaged: the cursor is taken as missing.
struct CursorSlot: Hashable {
  static let bytes = 4096
  static let maximumNoteBytes = 4000
  private static let magic: UInt32 = 0x4642_6375
  private static let version: UInt16 = 1

  var sequence: UInt64
  var position: Offset
  var note: [UInt8]

  func encode(into writer: inout ByteWriter) {
    precondition(note.count <= Self.maximumNoteBytes)
    let start = writer.count
    writer.append(Self.magic)
    writer.append(Self.version)
    writer.append(UInt16(note.count))
    writer.append(sequence)
    writer.append(position)
    writer.append(note)
    writer.append(CRC32C.checksum(of: writer.bytes.extracting(start..<writer.count)))
  }

  init(sequence: UInt64, position: Offset, note: [UInt8]) {
    self.sequence = sequence
    self.position = position
    self.note = note
  }

  /// Whether the bytes begin as a slot does, intact or not.
  static func isBegun(_ bytes: RawSpan) -> Bool {
    var reader = ByteReader(bytes)
    return reader.uint32() == magic
  }

  /// Nil where the bytes are no intact slot.
  init?(_ bytes: RawSpan) {
    var reader = ByteReader(bytes)
    guard reader.uint32() == Self.magic, reader.uint16() == Self.version, let noteLength = reader.uint16(),
      let sequence = reader.uint64(), let position = reader.int64(), position >= 0,
      let note = reader.bytes(Int(noteLength))
    else { return nil }
    let covered = reader.position
    guard reader.uint32() == CRC32C.checksum(of: bytes.extracting(0..<covered)) else { return nil }
    self.init(sequence: sequence, position: position, note: note.array)
  }
}
