import Platform

/// How a segment's file comes to be.
enum SegmentKind: String, CaseIterable {
  /// Blocks are reserved, and marked as written one sync at a time.
  case preallocated
  /// An old segment under a new name: its blocks have been written before.
  case recycled
  /// Zeros have been written to all of it, ahead of time.
  case zeroed

  /// Makes the file and returns it synced. For `recycled`, `old` makes the file that there would have been.
  func make(_ path: String, bytes: Int, old: () throws -> Void) throws -> any DiskFile {
    let disk = LocalDisk()
    switch self {
    case .preallocated:
      let file = try disk.open(path, .create)
      try file.allocate(bytes)
      try file.sync()
      return file
    case .recycled:
      let file = try disk.open(path + ".old", .create)
      try Self.fill(file, bytes)
      try old()
      try disk.rename(path + ".old", to: path)
      return file
    case .zeroed:
      let file = try disk.open(path, .create)
      try Self.fill(file, bytes)
      return file
    }
  }

  private static func fill(_ file: any DiskFile, _ bytes: Int) throws {
    let piece = [UInt8](repeating: 0, count: 1 << 20)
    for position in stride(from: 0, to: bytes, by: piece.count) { try file.write(piece.span.bytes, at: position) }
    try file.sync()
  }
}
