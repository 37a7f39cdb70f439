import Bytes
import Platform
package import Records

/// How far one consumer has come, kept on disk: `position` is the first offset it has not done with.
///
/// Both slots are reserved when the file is made, so that a cursor can be moved on a full disk: that is what makes room on
/// it. Where there is no room even for the file, the cursor works in memory, and `commit` tries to make it.
/// One owner, one thread.
package struct Cursor: ~Copyable, Sendable {
  package let name: String
  private var slot: CursorSlot
  private var file: (any DiskFile)?
  private let path: String
  private let disk: any Disk
  private let consumers: Consumers
  private var buffer = ByteWriter(capacity: CursorSlot.bytes)

  /// Offsets that the consumer had still to get and that the log no longer had when the cursor was opened.
  private(set) var missed: Range<Offset>?

  package static let maximumNoteBytes = CursorSlot.maximumNoteBytes

  package var position: Offset { slot.position }

  /// The consumer's own words beside the position, at most `maximumNoteBytes`: what it must know after a crash.
  package var note: [UInt8] { slot.note }

  /// Opens the cursor of `name`, or makes it at `first`. A position outside the log is moved to its nearest end.
  static func open(
    _ name: String, startingAt first: Offset, within log: ClosedRange<Offset>, directory: String, disk: any Disk,
    consumers: Consumers
  ) throws(StorageError) -> Cursor {
    guard isValid(name) else { throw .badConsumerName(name) }
    do throws(SystemError) {
      let path = "\(directory)/\(name)"
      let file = try openFileIfRoom(path, disk)
      let found = if let file { try readNewest(file) } else { CursorSlot?.none }
      var cursor = Cursor(
        name: name, slot: found ?? CursorSlot(sequence: 0, position: first, note: []), file: file, path: path,
        disk: disk, consumers: consumers)
      let clamped = min(max(cursor.position, log.lowerBound), log.upperBound)
      if clamped != cursor.position {
        if found != nil {
          Journal.warning(
            "consumer \(name) stood at offset \(cursor.position), but the log has \(log.lowerBound) to \(log.upperBound); it goes on at \(clamped)"
          )
        }
        // Behind the log, what the note says is about records that are no more; before it, perhaps about later ones.
        if cursor.position > clamped { cursor.slot.note = [] }
        if found != nil, cursor.position < clamped { cursor.missed = cursor.position..<clamped }
        cursor.slot.position = clamped
      }
      consumers.set(name, clamped)
      return cursor
    } catch {
      throw .disk(error)
    }
  }

  /// Moves the cursor; durable on return. After an error the cursor on disk is the old or the new one.
  package mutating func commit(_ position: Offset, note: [UInt8] = []) throws(StorageError) {
    let next = CursorSlot(sequence: slot.sequence + 1, position: position, note: note)
    buffer.removeAll()
    next.encode(into: &buffer)
    do throws(SystemError) {
      let file = if let file { file } else { try Self.openFile(path, disk) }
      self.file = file
      try file.write(buffer.bytes, at: Int(next.sequence % 2) * CursorSlot.bytes)
      try file.sync()
    } catch {
      throw .disk(error)
    }
    slot = next
    consumers.set(name, position)
  }

  /// Where the consumers in `directory` stood, by what is on disk.
  static func positions(
    in directory: String, _ disk: any Disk
  ) throws(SystemError) -> [(name: String, position: Offset)] {
    var found: [(name: String, position: Offset)] = []
    for name in try CursorCheck.names(in: directory, disk) {
      do throws(SystemError) {
        let file = try disk.open("\(directory)/\(name)", .read)
        if let slot = try readNewest(file) { found.append((name: name, position: slot.position)) }
      } catch {
        // A consumer whose place cannot be read begins anew when it opens it.
        continue
      }
    }
    return found
  }

  /// Moves the cursor of `name`, which nobody has open, and forgets its note: that is about records that are gone.
  static func move(_ name: String, to position: Offset, in directory: String, _ disk: any Disk) throws(SystemError) {
    let file = try disk.open("\(directory)/\(name)", .readWrite)
    guard let slot = try readNewest(file) else { return }
    let next = CursorSlot(sequence: slot.sequence + 1, position: position, note: [])
    var buffer = ByteWriter(capacity: CursorSlot.bytes)
    next.encode(into: &buffer)
    try file.write(buffer.bytes, at: Int(next.sequence % 2) * CursorSlot.bytes)
    try file.sync()
  }

  private static func openFile(_ path: String, _ disk: any Disk) throws(SystemError) -> any DiskFile {
    let parent = String(path[..<path.lastIndex(of: "/")!])
    try disk.createDirectory(parent)
    let file = try disk.open(path, .readWriteOrCreate)
    try disk.syncDirectory(parent)
    do throws(SystemError) {
      try file.allocate(2 * CursorSlot.bytes)
    } catch {
      guard error.isOutOfSpace else { throw error }
    }
    return file
  }

  /// Nil where there is no room for a new one.
  private static func openFileIfRoom(_ path: String, _ disk: any Disk) throws(SystemError) -> (any DiskFile)? {
    do throws(SystemError) {
      return try openFile(path, disk)
    } catch {
      guard error.isOutOfSpace else { throw error }
    }
    // An old one can be read all the same.
    do throws(SystemError) {
      return try disk.open(path, .readWrite)
    } catch {
      guard error.isNotFound || error.isOutOfSpace else { throw error }
      Journal.warning("there is no room to make the cursor \(path): it is kept in memory until it is moved")
      return nil
    }
  }

  private static func readNewest(_ file: any DiskFile) throws(SystemError) -> CursorSlot? {
    var newest: CursorSlot?
    var buffer = ByteWriter(capacity: CursorSlot.bytes)
    for index in 0..<2 {
      buffer.removeAll()
      _ = try buffer.append(upTo: CursorSlot.bytes) { room throws(SystemError) in
        try file.read(into: room, at: index * CursorSlot.bytes)
      }
      guard let slot = CursorSlot(buffer.bytes), slot.sequence > newest?.sequence ?? 0 else { continue }
      newest = slot
    }
    return newest
  }

  /// `kind/name`, of letters, digits, `-`, `_` and `.`, not beginning with a dot.
  static func isValid(_ name: String) -> Bool {
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    return (1...2).contains(parts.count) && name.utf8.count <= 200
      && parts.allSatisfy { part in
        !part.isEmpty && part.first != "."
          && part.utf8.allSatisfy {
            switch $0 {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
              UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
              true
            default: false
            }
          }
      }
  }
}
