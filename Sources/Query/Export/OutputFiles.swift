import Bytes
package import Platform

/// Files that are written under temporary names, `NAME.new`, and get their own all at the end: whoever finds one, finds
/// it whole. What was written is removed where it does not come to the end. One owner, one thread.
package struct OutputFiles: ~Copyable {
  private let disk: any Disk
  private var paths: [String] = []
  private var file: (any DiskFile)?
  private var position = 0
  private var pending = ByteWriter(capacity: 256 << 10)

  private static let temporarySuffix = ".new"
  private static let pieceBytes = 1 << 20

  package init(on disk: any Disk = LocalDisk()) {
    self.disk = disk
  }

  deinit {
    for path in paths { try? disk.remove(path + Self.temporarySuffix) }
  }

  /// How many bytes the file has so far.
  package var byteCount: Int { position + pending.count }

  /// Completes the file before, if any, and goes on with the one that will be called `path`.
  /// Throws EEXIST where the temporary name is taken: another process writes there, or one was interrupted.
  package mutating func begin(_ path: String) throws(SystemError) {
    try complete()
    file = try disk.open(path + Self.temporarySuffix, .create)
    paths.append(path)
  }

  /// Appends to the file that was begun last.
  package mutating func append(_ bytes: RawSpan) throws(SystemError) {
    pending.append(bytes)
    if pending.count >= Self.pieceBytes { try writePending() }
  }

  /// Makes everything durable and gives the files their names, in the order in which they were begun.
  package mutating func finish() throws(SystemError) {
    try complete()
    var directories: Set<String> = []
    while let path = paths.first {
      try disk.rename(path + Self.temporarySuffix, to: path)
      directories.insert(Self.directory(of: path))
      paths.removeFirst()
    }
    for directory in directories { try disk.syncDirectory(directory) }
  }

  private mutating func complete() throws(SystemError) {
    guard file != nil else { return }
    try writePending()
    try file?.sync()
    file = nil
    position = 0
  }

  private mutating func writePending() throws(SystemError) {
    try file?.write(pending.bytes, at: position)
    position += pending.count
    pending.removeAll()
  }

  private static func directory(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }
}
