import Daemon
import Platform
import Query
import Records

/// Where an export goes, and what may be replaced there.
struct ExportTarget {
  enum Kind {
    case standardOutput
    case file(String)
    case kafka(directory: String, codec: RecordBatchHeader.Codec)
  }

  let kind: Kind
  private let isForced: Bool
  private let data: String

  /// - Parameter data: the data directory, where nothing is written.
  init(_ arguments: Arguments, data: String) throws(CommandError) {
    isForced = arguments.has("--force")
    self.data = data
    let path = arguments.value("--output")
    switch arguments.value("--format") ?? "ndjson" {
    case "ndjson":
      if arguments.has("--codec") { throw .usage("--codec is for --format kafka; leave it out") }
      kind = path.map { .file($0) } ?? .standardOutput
    case "kafka":
      guard let path else { throw .usage("--format kafka needs --output DIR, the directory of the segments") }
      kind = .kafka(directory: path, codec: try Self.codec(arguments))
    case let other: throw .usage("--format takes ndjson or kafka, not `\(other)`")
    }
  }

  private static func codec(_ arguments: Arguments) throws(CommandError) -> RecordBatchHeader.Codec {
    switch arguments.value("--codec") ?? "zstd" {
    case "zstd": .zstd
    case "none": .none
    case let other: throw .usage("--codec takes zstd or none, not `\(other)`")
    }
  }

  /// Refuses where there is something that must not be replaced.
  func checkIsFree() throws {
    switch kind {
    case .standardOutput: return
    case .file(let path):
      try checkIsOutside(path)
      if FileSystem.isDirectory(path) {
        throw CommandError("\(path) is a directory; name a file in it with --output", .cannotCreate)
      }
      guard !FileSystem.exists(path) || isForced else {
        throw CommandError("\(path) is there; give another --output, or --force to replace it", .cannotCreate)
      }
    case .kafka(let directory, _):
      try checkIsOutside(directory)
      guard FileSystem.exists(directory) else { return }
      guard FileSystem.isDirectory(directory) else {
        throw CommandError("\(directory) is a file; name a directory with --output", .cannotCreate)
      }
      guard try isForced || LocalDisk().list(directory).isEmpty else {
        throw CommandError(
          "\(directory) is not empty; give another --output, or --force to replace the segments in it", .cannotCreate)
      }
    }
  }

  private func checkIsOutside(_ path: String) throws(CommandError) {
    let (data, path) = (FileSystem.resolved(data), FileSystem.resolved(path))
    guard path != data, !path.hasPrefix(data + "/") else {
      throw CommandError(
        "\(path) is within the data directory, which is the log's own; give another --output", .cannotCreate)
    }
  }

  /// Makes what is written to first; what the file system refuses becomes an error that says what to do.
  func begin(_ body: () throws(SystemError) -> Void) throws(CommandError) {
    do throws(SystemError) {
      if isForced { try removeLeftovers() }
      try body()
    } catch {
      let remedy =
        error.isThere
        ? "another export writes there, or one was interrupted; if none does, remove the file or give --force"
        : "give another --output, or make it possible to write there"
      throw CommandError("\(error); \(remedy)", .cannotCreate)
    }
  }

  /// Takes away what an interrupted export has left.
  private func removeLeftovers() throws(SystemError) {
    let disk = LocalDisk()
    switch kind {
    case .standardOutput: return
    case .file(let path): if FileSystem.exists(path + ".new") { try disk.remove(path + ".new") }
    case .kafka(let directory, _):
      for name in try disk.list(directory) where name.hasSuffix(".log.new") { try disk.remove(directory + "/" + name) }
    }
  }

  /// Takes away the segments that were there before; those that replace them are complete.
  func removeSegments() throws {
    guard isForced, case .kafka(let directory, _) = kind else { return }
    let disk = LocalDisk()
    for name in try disk.list(directory) where KafkaSegments.isSegmentFile(name) {
      try disk.remove(directory + "/" + name)
    }
  }
}
