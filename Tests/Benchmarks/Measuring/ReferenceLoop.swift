import Bytes
import Platform

/// The plainest durable writer there can be: pwrite and fdatasync into a preallocated file, with no record, checksum,
/// queue or thread in between. What the log is compared with.
struct ReferenceLoop: ~Copyable {
  private let directory: String
  private var file: any DiskFile
  private var position = 0
  /// Gone through in turn, so that what is written is no likelier to be in a cache than what a producer has just made.
  private let bytes: ByteWriter
  private var next = 0

  private static let bufferBytes = 32 << 20

  /// Preallocates the first file in `directory`, which is made if missing.
  init(directory: String, fileBytes: Int) throws {
    try LocalDisk().createDirectory(directory)
    let file = try Self.makeFile(directory + "/0", bytes: fileBytes)
    try file.sync()
    try LocalDisk().syncDirectory(directory)
    self.directory = directory
    self.file = file
    bytes = Self.makeBytes(Self.bufferBytes)
  }

  /// Writes `count` bytes behind the last and makes them durable.
  mutating func append(_ count: Int) throws {
    try write(count)
    try file.sync()
  }

  /// Does again what a commit did: the same sizes, the same syncs, a new file wherever it began one.
  mutating func replay(_ operations: [RecordingDisk.Operation]) throws {
    guard let first = operations.first else { return }
    var files = [first.file: file]
    for operation in operations {
      if case .create(let fileBytes) = operation.action {
        file = try Self.makeFile("\(directory)/\(operation.file)", bytes: fileBytes)
        try LocalDisk().syncDirectory(directory)
        files[operation.file] = file
        position = 0
      }
      guard let file = files[operation.file] else { continue }
      switch operation.action {
      case .create: break
      case .write(let count): try write(count)
      case .sync: try file.sync()
      case .truncate(let count): try file.truncate(to: count)
      }
    }
  }

  private static func makeFile(_ path: String, bytes: Int) throws -> any DiskFile {
    let file = try LocalDisk().open(path, .create)
    try file.allocate(bytes)
    return file
  }

  private mutating func write(_ count: Int) throws {
    precondition(count <= bytes.count)
    if next + count > bytes.count { next = 0 }
    try file.write(bytes.bytes.extracting(next..<(next + count)), at: position)
    next += count
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
