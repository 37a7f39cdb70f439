import Bytes
import Platform
import Records

/// Reads the cursor files and says whether each has a slot to go by, and stands within the log.
struct CursorCheck {
  /// A cursor file as it is on disk.
  struct Stored: Hashable {
    /// `route/siren`
    let name: String
    let slots: [Slot]
    /// None that the log has written: somebody has left it there.
    var isStray = false

    /// The newer of the intact slots; nil where there is none.
    var newest: CursorSlot? {
      slots.compactMap { if case .intact(let slot) = $0 { slot } else { nil } }.max { $0.sequence < $1.sequence }
    }
  }

  enum Slot: Hashable {
    /// Nothing has been written there yet.
    case empty
    case intact(CursorSlot)
    case damaged
    /// The same, and it does not even begin as a slot does.
    case foreign
  }

  /// In front of a consumer's name in a finding.
  static let prefix = "cursors/"

  /// Every cursor file below `directory`.
  static func read(_ directory: LogDirectory, _ disk: any Disk) throws(SystemError) -> [Stored] {
    var found: [Stored] = []
    for name in try names(in: directory.cursors, disk) {
      do throws(SystemError) {
        found.append(try read(name, in: directory, disk))
      } catch {
        if error.isNotFound { continue }
        guard isDirectory(directory.cursors + "/" + name, disk) else { throw error }
        found.append(Stored(name: name, slots: [], isStray: true))
      }
    }
    return found
  }

  private static func isDirectory(_ path: String, _ disk: any Disk) -> Bool {
    do throws(SystemError) {
      _ = try disk.list(path)
      return true
    } catch {
      return false
    }
  }

  /// The cursor file of one consumer.
  static func read(_ name: String, in directory: LogDirectory, _ disk: any Disk) throws(SystemError) -> Stored {
    let file = try disk.open(directory.cursors + "/" + name, .read)
    let slots = [try slot(0, of: file), try slot(1, of: file)]
    // Whatever has happened to a cursor, it has its length, or the beginning of a slot.
    let size = try file.size()
    let isForeign = slots.contains(.foreign) && slots.allSatisfy { $0 == .foreign || $0 == .empty }
    let isStray = !Cursor.isValid(name) || (isForeign && size != 2 * CursorSlot.bytes)
    return Stored(name: name, slots: slots, isStray: isStray)
  }

  /// The names of the consumers that have a file below `directory`: `kind/name`, or a name alone.
  static func names(in directory: String, _ disk: any Disk) throws(SystemError) -> [String] {
    var names: [String] = []
    for entry in try disk.list(directory) {
      do throws(SystemError) {
        names += try disk.list(directory + "/" + entry).map { entry + "/" + $0 }
      } catch {
        guard error.isNotADirectory else { throw error }
        names.append(entry)
      }
    }
    return names
  }

  private static func slot(_ index: Int, of file: any DiskFile) throws(SystemError) -> Slot {
    var buffer = ByteWriter(capacity: CursorSlot.bytes)
    _ = try buffer.append(upTo: CursorSlot.bytes) { room throws(SystemError) in
      try file.read(into: room, at: index * CursorSlot.bytes)
    }
    if buffer.array.allSatisfy({ $0 == 0 }) { return .empty }
    if let slot = CursorSlot(buffer.bytes) { return .intact(slot) }
    return CursorSlot.isBegun(buffer.bytes) ? .damaged : .foreign
  }

  /// What is wrong with `cursor`, given the offsets that the log has.
  static func findings(_ cursor: Stored, log: Range<Offset>) -> [LogFinding] {
    let file = prefix + cursor.name
    if cursor.isStray {
      return [
        LogFinding(
          .remark, file: file, problem: "it is no consumer's cursor", remedy: "remove it if you do not need it")
      ]
    }
    var found: [LogFinding] = []
    let damaged = cursor.slots.firstIndex { $0 == .damaged || $0 == .foreign }
    guard let newest = cursor.newest else {
      // A file that was just made has no position yet.
      guard damaged != nil else { return [] }
      return [
        LogFinding(
          .damage, file: file, problem: "neither slot of the cursor is intact: how far the consumer had come is lost",
          remedy: "nothing can be: it begins with the oldest record again, and what it had got comes twice",
          treatment: .moveCursor)
      ]
    }
    if let damaged {
      let start = damaged * CursorSlot.bytes
      found.append(
        LogFinding(
          .remark, file: file, bytes: start..<(start + CursorSlot.bytes), offsets: newest.position..<newest.position,
          problem: "one slot of the cursor is torn; the consumer goes on at offset \(newest.position), from the other",
          remedy: "nothing, the consumer's next step writes it anew"))
    }
    if newest.position > log.upperBound {
      found.append(
        LogFinding(
          .damage, file: file, offsets: log.upperBound..<newest.position,
          problem: "the consumer stands at offset \(newest.position), but the log ends at \(log.upperBound)",
          remedy: "`forebay log repair` or the next start sets it to the log's end", treatment: .moveCursor))
    } else if newest.position < log.lowerBound {
      found.append(
        LogFinding(
          .remark, file: file, offsets: newest.position..<log.lowerBound,
          problem: "the consumer stands at offset \(newest.position), but the log begins at \(log.lowerBound)",
          remedy: "nothing, it goes on at the log's beginning", treatment: .moveCursor))
    }
    return found
  }
}
