import Glibc
import Platform

/// What the disk beneath a file system is given to write, journal and metadata included: what wears flash. Of everybody,
/// not of this process alone: measure on a machine that does nothing else.
struct DeviceWrites: Sendable {
  private let statistics: String

  /// - Parameter path: a file or directory on the file system in question.
  init(of path: String) throws {
    var information = stat()
    guard stat(path, &information) == 0 else { throw SystemError("stat", path) }
    // As makedev(3) packs them.
    let major = information.st_dev >> 8 & 0xFFF
    let minor = information.st_dev & 0xFF | information.st_dev >> 12 & 0xFFF00
    statistics = "/sys/dev/block/\(major):\(minor)/stat"
  }

  /// Bytes written so far.
  func bytes() throws -> Int {
    let text = String(decoding: try FileSystem.read(statistics), as: UTF8.self)
    // The seventh field, in sectors of 512 bytes (Documentation/block/stat.rst).
    let fields = text.split(whereSeparator: { $0 == " " || $0 == "\n" })
    guard fields.count > 6, let sectors = Int(fields[6]) else {
      throw BenchmarkError.cannotMeasure("\(statistics) does not say what was written")
    }
    return sectors * 512
  }
}
