import Bytes
package import Records
import Storage

/// What stands beside the cursor's position on disk: the shipments that are cut and not confirmed, in the order in which they
/// are sent, each with what the far side recognises it by; and what is not cut yet.
///
/// | size | field |
/// |---|---|
/// | 1 | version, 3 |
/// | 8 | where the live lane goes on |
/// | 1 | ranges left behind; then for each: |
/// | 8, 8 | first offset, offset behind the last |
/// | 1 | shipments; then for each: |
/// | 1 | lane: 0 live, 1 backlog |
/// | 8, 8 | first offset, offset behind the last |
/// | 4 | records in it |
/// | 2, n | length of the identity, identity |
///
/// All big-endian. Where nothing was left behind and nothing is on its way, the note is empty, and the cursor's position says
/// where to go on.
package struct ShipmentNote: Hashable, Sendable {
  package struct Entry: Hashable, Sendable {
    package var shipment: Shipment
    package var lane: Lane
    /// How many records it had: fewer, when it is made again, are another shipment.
    package var recordCount: Int
    package var identity: [UInt8]

    package init(_ shipment: Shipment, _ lane: Lane = .live, recordCount: Int, identity: [UInt8] = []) {
      self.shipment = shipment
      self.lane = lane
      self.recordCount = recordCount
      self.identity = identity
    }
  }

  package var lanes: Lanes
  package var entries: [Entry]

  private static let version: UInt8 = 3
  /// Of one shipment's identity: so that one at least always fits.
  package static let maximumIdentityBytes = Cursor.maximumNoteBytes - headBytes(Lanes.maximumRanges + 2) - entryBytes

  private static let entryBytes = 1 + 16 + 4 + 2
  private static func headBytes(_ ranges: Int) -> Int { 1 + 8 + 1 + 16 * ranges + 1 }

  package init(_ lanes: Lanes, _ entries: [Entry] = []) {
    self.lanes = lanes
    self.entries = entries
  }

  package var byteCount: Int {
    Self.headBytes(lanes.backlog.count) + entries.reduce(0) { $0 + Self.entryBytes + $1.identity.count }
  }

  /// Whether a cursor has room for it.
  package var fits: Bool { byteCount <= Cursor.maximumNoteBytes && entries.count < 256 }

  package var bytes: [UInt8] {
    guard !entries.isEmpty || !lanes.backlog.isEmpty else { return [] }
    var writer = ByteWriter(capacity: byteCount)
    writer.append(Self.version)
    writer.append(lanes.live)
    writer.append(UInt8(lanes.backlog.count))
    for range in lanes.backlog {
      writer.append(range.lowerBound)
      writer.append(range.upperBound)
    }
    writer.append(UInt8(entries.count))
    for entry in entries {
      writer.append(entry.lane.rawValue)
      writer.append(entry.shipment.first)
      writer.append(entry.shipment.end)
      writer.append(UInt32(entry.recordCount))
      writer.append(UInt16(entry.identity.count))
      writer.append(entry.identity)
    }
    return writer.array
  }

  /// What is no note says that nothing was on its way, and everything from `position` on is to be sent.
  package init(bytes: [UInt8], position: Offset) {
    self = Self.parse(bytes) ?? ShipmentNote(Lanes(live: position))
  }

  private static func parse(_ bytes: [UInt8]) -> ShipmentNote? {
    var reader = ByteReader(bytes.span.bytes)
    guard reader.uint8() == version, let live = reader.int64(), let rangeCount = reader.uint8() else { return nil }
    var ranges: [Range<Offset>] = []
    for _ in 0..<rangeCount {
      guard let shipment = parseRange(&reader), shipment.first >= ranges.last?.upperBound ?? 0, shipment.end <= live
      else {
        return nil
      }
      ranges.append(shipment.first..<shipment.end)
    }
    guard let count = reader.uint8() else { return nil }
    var entries: [Entry] = []
    for _ in 0..<count {
      guard let lane = reader.uint8().flatMap({ Lane(rawValue: $0) }), let shipment = parseRange(&reader),
        let records = reader.uint32(), let size = reader.uint16(), let identity = reader.bytes(Int(size))
      else { return nil }
      entries.append(Entry(shipment, lane, recordCount: Int(records), identity: identity.array))
    }
    return reader.isAtEnd ? ShipmentNote(Lanes(live: live, backlog: ranges), entries) : nil
  }

  @_lifetime(reader: copy reader)
  private static func parseRange(_ reader: inout ByteReader) -> Shipment? {
    guard let first = reader.int64(), let end = reader.int64(), first >= 0, first < end else { return nil }
    return Shipment(first: first, end: end)
  }
}
