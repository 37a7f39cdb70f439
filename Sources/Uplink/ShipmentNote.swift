import Bytes
import Storage

/// What stands beside the cursor's position on disk: the shipments that are cut and not confirmed, in order, each with what
/// the far side recognises it by. Version 2 · uint8 count · for each: int64 first · int64 end · uint8 size · identity;
/// big-endian. Where there is none, the note is empty.
package struct ShipmentNote: Hashable, Sendable {
  package struct Entry: Hashable, Sendable {
    package var shipment: Shipment
    package var identity: [UInt8]

    package init(_ shipment: Shipment, identity: [UInt8] = []) {
      self.shipment = shipment
      self.identity = identity
    }
  }

  package var entries: [Entry]

  private static let version: UInt8 = 2
  /// Of one shipment's identity.
  package static let maximumIdentityBytes = 32
  /// How many shipments a note has room for.
  package static let maximumEntries = (Cursor.maximumNoteBytes - 2) / (17 + maximumIdentityBytes)

  package init(_ entries: [Entry]) {
    precondition(entries.count <= Self.maximumEntries)
    self.entries = entries
  }

  package var bytes: [UInt8] {
    guard !entries.isEmpty else { return [] }
    var writer = ByteWriter(capacity: 256)
    writer.append(Self.version)
    writer.append(UInt8(entries.count))
    for entry in entries {
      precondition(entry.identity.count <= Self.maximumIdentityBytes)
      writer.append(entry.shipment.first)
      writer.append(entry.shipment.end)
      writer.append(UInt8(entry.identity.count))
      writer.append(entry.identity)
    }
    return writer.array
  }

  /// What is no note says that nothing was on its way.
  package init(bytes: [UInt8]) {
    entries = Self.parse(bytes) ?? []
  }

  private static func parse(_ bytes: [UInt8]) -> [Entry]? {
    var reader = ByteReader(bytes.span.bytes)
    guard reader.uint8() == version, let count = reader.uint8(), count <= maximumEntries else { return nil }
    var entries: [Entry] = []
    for _ in 0..<count {
      guard let first = reader.int64(), let end = reader.int64(), first < end, first >= entries.last?.shipment.end ?? 0,
        let size = reader.uint8(), size <= maximumIdentityBytes, let identity = reader.bytes(Int(size))
      else { return nil }
      entries.append(Entry(Shipment(first: first, end: end), identity: identity.array))
    }
    return reader.isAtEnd ? entries : nil
  }
}
