import Bytes
import Platform

/// A preallocated file that what came in a turn is appended to with one write and one sync.
struct ReferenceFile: ~Copyable {
  private let path: String
  private var file: any DiskFile
  private var position = 0
  private var pending = ByteWriter(capacity: 1 << 20)

  /// So large that the next is seldom needed while something is measured.
  private static let fileBytes = 1 << 30

  init(_ path: String) throws {
    self.path = path
    file = try Self.make(path)
  }

  private static func make(_ path: String) throws -> any DiskFile {
    let file = try LocalDisk().open(path, .create)
    try file.allocate(fileBytes)
    try file.sync()
    return file
  }

  /// Bytes that the next commit writes.
  var pendingBytes: Int { pending.count }

  /// Keeps `message` for the next commit, behind its length.
  mutating func append(_ message: RawSpan) {
    pending.append(UInt32(truncatingIfNeeded: message.byteCount))
    pending.append(message)
  }

  /// Makes everything that was appended durable.
  mutating func commit() throws {
    guard !pending.isEmpty else { return }
    if position + pending.count > Self.fileBytes {
      try LocalDisk().remove(path)
      file = try Self.make(path)
      position = 0
    }
    try file.write(pending.bytes, at: position)
    try file.sync()
    position += pending.count
    pending.removeAll()
  }
}
