import Bytes
import Platform

/// The plainest durable writer there can be: pwrite and fdatasync into a preallocated file, with no record, checksum,
/// queue or thread in between. What the log is compared with.
struct ReferenceLoop: ~Copyable {
  private let disk = LocalDisk()
  private let directory: String
  private var file: any DiskFile
  private var files = 1
  private var position = 0
  private var bytes: ByteWriter

  /// Preallocates the first file in `directory`, which is made if missing.
  init(directory: String, fileBytes: Int) throws {
    let disk = LocalDisk()
    try disk.createDirectory(directory)
    let file = try disk.open(directory + "/1", .create)
    try file.allocate(fileBytes)
    try file.sync()
    try disk.syncDirectory(directory)
    self.directory = directory
    self.file = file
    bytes = Self.makeBytes(1 << 20)
  }

  /// Writes `count` bytes behind the last and makes them durable.
  mutating func append(_ count: Int) throws {
    try write(count)
    try file.sync()
  }

  /// Does again what a commit did: the same sizes, the same syncs, a new file wherever it began one.
  mutating func replay(_ operations: [RecordingDisk.Operation]) throws {
    for operation in operations {
      switch operation {
      case .create:
        files += 1
        file = try disk.open("\(directory)/\(files)", .create)
        position = 0
      case .allocate(let count): try file.allocate(count)
      case .write(let count): try write(count)
      case .sync: try file.sync()
      case .truncate(let count): try file.truncate(to: count)
      case .syncDirectory: try disk.syncDirectory(directory)
      }
    }
  }

  private mutating func write(_ count: Int) throws {
    if bytes.count < count { bytes = Self.makeBytes(count) }
    try file.write(bytes.bytes.extracting(0..<count), at: position)
    position += count
  }

  /// Bytes no disk could make smaller.
  private static func makeBytes(_ count: Int) -> ByteWriter {
    var random = SeededRandom(seed: 1)
    var bytes = ByteWriter(capacity: count + 8)
    while bytes.count < count { bytes.append(random.next()) }
    return bytes
  }
}
