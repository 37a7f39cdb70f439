import Glibc
import Support

/// A client that others have written, which reads at a far side what came there.
struct FarSideReader {
  let side: FarSide
  private let process: TestProcess

  init(_ side: FarSide, _ words: [String], in directory: TemporaryDirectory) throws {
    self.side = side
    process = try TestProcess(words[0], Array(words.dropFirst()), in: directory)
  }

  /// What came, in its order, with what came twice: until the client ends by itself, or, where it does not, `count` different
  /// records have come.
  func arrivals(count: Int) throws -> [Arrival] {
    var found: [Arrival] = []
    try waitUntil(seconds: 60, "\(count) records at \(side), not \(Set(found).count); \(process.errors)") {
      let isOver = !process.isRunning
      // Each look takes a while.
      if !isOver { usleep(100_000) }
      guard isOver || !side.readerEnds else { return false }
      let output = process.output
      let lines = output.utf8.split(separator: UInt8(ascii: "\n")).dropLast(output.hasSuffix("\n") ? 0 : 1)
      found = lines.compactMap { arrival($0.split(separator: side.separator).map { Substring($0) }) }
      return isOver || Set(found).count >= count
    }
    return found
  }

  private func arrival(_ words: [Substring]) -> Arrival? {
    switch side {
    case .messages:
      let offset = words.first { $0.hasPrefix("forebay-offset:") }
      return Arrival(offset: offset?.dropFirst("forebay-offset:".count), payload: words.first)
    case .batches:
      let offset = words.first { $0.hasPrefix("\"offset\":") }
      let payload = words.last { $0.hasPrefix("\"payload\":") }
      return Arrival(
        offset: offset?.dropFirst("\"offset\":".count), payload: payload?.dropFirst("\"payload\":\"".count).dropLast(2))
    // `PARTITION OFFSET TOPIC PAYLOAD` and `OFFSET TOPIC PAYLOAD LANE`
    case .kafka: return Arrival(offset: words.dropFirst().first, payload: words.last)
    case .rabbitMQ: return Arrival(offset: words.first, payload: words.dropFirst(2).first)
    }
  }
}

extension FarSide {
  fileprivate var readerEnds: Bool { self == .kafka || self == .rabbitMQ }

  fileprivate var separator: UInt8 { self == .batches ? UInt8(ascii: ",") : UInt8(ascii: " ") }
}
