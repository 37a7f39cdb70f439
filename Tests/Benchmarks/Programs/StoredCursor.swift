import Records
import Storage

/// The place of a consumer of a running daemon, read from the disk.
struct StoredCursor {
  private let log: StoredLog
  private let name: String

  /// - Parameters:
  ///   - data: the daemon's data directory.
  ///   - name: `uplink/centre`.
  init(_ data: String, _ name: String) throws {
    log = try StoredLog(directory: data)
    self.name = name
  }

  /// The first offset that the consumer has not done with.
  func position() throws -> Int {
    Int(try log.consumerPositions().first { $0.name == name }?.position ?? 0)
  }
}
