import Bytes
import Platform
import Storage

/// A log of telemetry that nobody has got yet, closed and sealed but for its newest segment, which has next to nothing.
struct Backlog {
  /// A data directory.
  let directory: String
  let records: Int
  /// Of topics and payloads.
  let rawBytes: Int
  /// Of the segments before they were sealed, and after.
  let writtenBytes: Int
  let sealedBytes: Int

  /// Makes one of `records` records of `kind`, or some more: as many as fill the last of its segments.
  /// - Parameter isIdentified: sealed for a Kafka uplink whose records say who they are.
  init(_ directory: String, _ kind: TelemetryCorpus.Kind, records: Int, isIdentified: Bool = false) throws {
    try self.init(directory, kind, isIdentified: isIdentified) { filling, _ in filling.messages >= records }
  }

  /// Makes one that takes `bytes` on disk before it is sealed, or some more.
  init(_ directory: String, _ kind: TelemetryCorpus.Kind, bytes: Int) throws {
    try self.init(directory, kind, isIdentified: false) { _, log in log.closedBytes >= bytes }
  }

  private init(
    _ directory: String, _ kind: TelemetryCorpus.Kind, isIdentified: Bool,
    until isEnough: (borrowing Filling, Log) -> Bool
  ) throws {
    self.directory = directory
    var configuration = LogConfiguration(directory: directory)
    configuration.maxBytes = 1 << 40
    configuration.identifiedGateway = isIdentified ? Gateway.name : nil
    let log = try Log.open(configuration, startsThreads: false)
    defer { log.close() }
    var filling = Filling(log, kind)
    repeat { try filling.step() } while !isEnough(filling, log)
    let segments = log.segments.count
    while log.segments.count == segments { try filling.step() }
    records = filling.messages
    rawBytes = filling.rawBytes
    writtenBytes = log.closedBytes
    try log.sealEverything()
    sealedBytes = log.closedBytes
  }

  /// Writes the first `records` messages of `kind` to a file for the peers: of each its topic's and its payload's length as
  /// uint16, little-endian, then both.
  static func writeMessages(_ kind: TelemetryCorpus.Kind, records: Int, to path: String) throws {
    let file = try LocalDisk().open(path, .create)
    var corpus = TelemetryCorpus(kind)
    var piece = ByteWriter(capacity: 1 << 20)
    var position = 0
    for number in 1...records {
      corpus.next { topic, payload, _ in
        piece.append(UInt16(topic.byteCount).byteSwapped)
        piece.append(UInt16(payload.byteCount).byteSwapped)
        piece.append(topic)
        piece.append(payload)
      }
      guard piece.count > 1 << 19 || number == records else { continue }
      try file.write(piece.bytes, at: position)
      position += piece.count
      piece.removeAll()
      try Interruption.check()
    }
  }
}
