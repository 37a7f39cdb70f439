import Bytes
package import Platform
import Records
package import Storage

/// Appends a row a record to a file, NDJSON or CSV, and syncs it before the batch counts as delivered.
///
/// - The file is set aside as `path.1`, `path.1` as `path.2` and so on, before it would grow past `maxBytes`. A row is
///   never split; one larger than `maxBytes` has a file to itself.
/// - The file is opened anew for each batch: one that was moved away or truncated is begun again.
/// - A torn last row is cut off when it can be ours, and else ended with a newline.
/// - After a crash the records whose rows are there already are passed over: the last row tells, if the log has that
///   very record. A file left over from another log is not taken for this one.
/// - Whatever the disk refuses is the handler's fault, never a record's.
package final class FileHandler: Handler {
  private let configuration: FileConfiguration
  private let log: Log
  private let disk: any Disk
  private var rows = ByteWriter(capacity: 64 << 10)

  /// How much of the file is known to be whole and on disk; nil before the first look and after somebody else's change.
  private var syncedBytes: Int?
  /// Something may have been written behind `syncedBytes` that is not known to be on disk.
  private var isDirty = false
  /// Records up to here have their rows.
  private var doneThrough: Offset = -1

  private static let scanBytes = 256 << 10
  private static let largestRowBytes = 64 << 20

  package init(_ configuration: FileConfiguration, log: Log, disk: any Disk) {
    self.configuration = configuration
    self.log = log
    self.disk = disk
  }

  package func deliver(_ batch: borrowing DeliveryBatch, until stop: StopRequest) -> DeliveryOutcome {
    do throws(SystemError) {
      try append(batch)
      return DeliveryOutcome(accepted: batch.count)
    } catch {
      return DeliveryOutcome(accepted: 0, problem: .handler("\(error)"))
    }
  }

  private func append(_ batch: borrowing DeliveryBatch) throws(SystemError) {
    var file = try open()
    rows.removeAll()
    var last = doneThrough
    for index in 0..<batch.count where batch.offset(at: index) > doneThrough {
      let start = rows.count
      appendRow(batch.record(at: index))
      if syncedBytes! + rows.count > configuration.maxBytes, syncedBytes! + start > headerBytes {
        let row = Self.bytes(of: rows, from: start)
        rows.truncate(to: start)
        try write(to: file, through: last)
        file = try rotate()
        rows.append(row)
      }
      last = batch.offset(at: index)
    }
    try write(to: file, through: last)
  }

  private func appendRow(_ record: borrowing Record) {
    switch configuration.format {
    case .ndjson: RecordJSON.append(record, to: &rows)
    case .csv: RecordCSV.append(record, to: &rows)
    }
    rows.append(UInt8(ascii: "\n"))
  }

  private static func write(
    _ rows: borrowing ByteWriter, to file: any DiskFile, at position: Int
  ) throws(SystemError) {
    try file.write(rows.bytes, at: position)
  }

  private static func bytes(of writer: borrowing ByteWriter, from start: Int) -> [UInt8] {
    writer.bytes.extracting(start..<writer.count).array
  }

  /// Writes `rows` behind what is there and syncs.
  private func write(to file: any DiskFile, through last: Offset) throws(SystemError) {
    guard !rows.isEmpty else { return }
    isDirty = true
    let position = syncedBytes!
    try Self.write(rows, to: file, at: position)
    try file.sync()
    isDirty = false
    syncedBytes! += rows.count
    doneThrough = max(doneThrough, last)
    rows.removeAll()
  }
}

// The file and those set aside.
extension FileHandler {
  private var headerBytes: Int { configuration.format == .csv ? RecordCSV.header.utf8.count + 1 : 0 }

  private var directory: String {
    guard let slash = configuration.path.lastIndex(of: "/") else { return "." }
    return slash == configuration.path.startIndex ? "/" : String(configuration.path[..<slash])
  }

  private func path(aside number: Int) -> String { "\(configuration.path).\(number)" }

  /// Opens the file with nothing behind `syncedBytes`, its whole rows.
  private func open() throws(SystemError) -> any DiskFile {
    let file = try disk.open(configuration.path, .readWriteOrCreate)
    let size = try file.size()
    if isDirty, let syncedBytes, size >= syncedBytes {
      try file.truncate(to: syncedBytes)
      isDirty = false
    } else if size != syncedBytes {
      syncedBytes = nil
      try look(at: file, size)
    }
    if syncedBytes == 0 { try begin(file) }
    return file
  }

  private func begin(_ file: any DiskFile) throws(SystemError) {
    if configuration.format == .csv {
      isDirty = true
      try file.write((RecordCSV.header + "\n").utf8.span.bytes, at: 0)
      try file.sync()
    }
    try disk.syncDirectory(directory)
    syncedBytes = headerBytes
    isDirty = false
  }

  /// Sets the file aside and begins the next. Everything in it is on disk.
  private func rotate() throws(SystemError) -> any DiskFile {
    // Whatever of this fails, the next look finds out what is where.
    syncedBytes = nil
    if configuration.keep > 0 {
      for number in stride(from: configuration.keep - 1, through: 1, by: -1) {
        try moveIfThere(path(aside: number), to: path(aside: number + 1))
      }
      try moveIfThere(configuration.path, to: path(aside: 1))
    } else {
      try disk.remove(configuration.path)
    }
    try disk.syncDirectory(directory)
    let file = try disk.open(configuration.path, .readWriteOrCreate)
    try begin(file)
    return file
  }

  private func moveIfThere(_ source: String, to target: String) throws(SystemError) {
    do throws(SystemError) {
      try disk.rename(source, to: target)
    } catch {
      guard error.isNotFound else { throw error }
    }
  }
}

// What an earlier run left.
extension FileHandler {
  /// Finds the whole rows of the file, sees to a torn one, and learns which records are there.
  private func look(at file: any DiskFile, _ size: Int) throws(SystemError) {
    let lastRow = try scan(file)
    var end = lastRow.upperBound
    if end < size {
      let tail = try read(file, end..<min(size, end + 64))
      if RowScanner.mayBeTorn(tail.span.bytes, configuration.format) {
        try file.truncate(to: end)
        try file.sync()
      } else {
        try file.write([0x0A].span.bytes, at: size)
        try file.sync()
        end = size + 1
      }
    }
    if let offset = try offset(of: lastRow, in: file) {
      doneThrough = max(doneThrough, offset)
    } else if end <= headerBytes, let aside = try openIfThere(path(aside: 1)) {
      // The crash came just behind a rotation.
      if let offset = try offset(of: try scan(aside), in: aside) { doneThrough = max(doneThrough, offset) }
    }
    syncedBytes = end
    isDirty = false
  }

  private func openIfThere(_ path: String) throws(SystemError) -> (any DiskFile)? {
    do throws(SystemError) {
      return try disk.open(path, .read)
    } catch {
      guard error.isNotFound else { throw error }
      return nil
    }
  }

  private func scan(_ file: any DiskFile) throws(SystemError) -> Range<Int> {
    var scanner = RowScanner(configuration.format)
    var position = 0
    while true {
      let piece = try read(file, position..<(position + Self.scanBytes))
      guard !piece.isEmpty else { return scanner.lastRow }
      scanner.scan(piece.span.bytes)
      position += piece.count
    }
  }

  private func read(_ file: any DiskFile, _ range: Range<Int>) throws(SystemError) -> [UInt8] {
    var piece = ByteWriter(capacity: range.count)
    _ = try piece.append(upTo: range.count) { room throws(SystemError) in
      try file.read(into: room, at: range.lowerBound)
    }
    return piece.array
  }

  /// The offset of the record that `range` is the row of, if the log has that record.
  private func offset(of range: Range<Int>, in file: any DiskFile) throws(SystemError) -> Offset? {
    guard !range.isEmpty, range.count <= Self.largestRowBytes else { return nil }
    let row = try read(file, range)
    guard let offset = RowScanner.offset(of: row.span.bytes, configuration.format), offset >= log.startOffset,
      offset < log.durableEnd
    else { return nil }
    return try hasLogRow(row, at: offset) ? offset : nil
  }

  private func hasLogRow(_ row: [UInt8], at offset: Offset) throws(SystemError) -> Bool {
    var reader = log.makeReader(at: offset)
    do throws(StorageError) {
      guard let record = try reader.next(), record.offset == offset else { return false }
      rows.removeAll()
      appendRow(record)
    } catch {
      if case .disk(let error) = error { throw error }
      return false
    }
    defer { rows.removeAll() }
    return rows.bytes.elementsEqual(row.span.bytes)
  }
}
