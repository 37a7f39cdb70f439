import Platform

/// One direction of one connection: what has been read and not yet passed on, with the time at which it is due.
struct LinkFlow {
  private var pieces: [Piece] = []
  private(set) var byteCount = 0
  /// The sender has nothing more to say.
  private(set) var hasEnded = false
  /// It, or the receiver, is gone.
  private(set) var isLost = false
  /// And the receiver has been told.
  var hasPassedOnEnd = false

  private struct Piece {
    var bytes: ArraySlice<UInt8>
    /// Monotonic nanoseconds.
    let due: Int64
  }

  var isEmpty: Bool { pieces.isEmpty }
  var due: Int64? { pieces.first?.due }

  /// Reads what is there, while no more than `limit` bytes wait; it is due at `due`.
  /// - Returns: what was read.
  mutating func read(from source: borrowing FileDescriptor, limit: Int, due: Int64) -> [UInt8] {
    var all: [UInt8] = []
    while !hasEnded, byteCount < limit {
      var room = [UInt8](repeating: 0, count: min(64 << 10, limit - byteCount))
      switch room.withUnsafeMutableBytes({ source.read(into: $0) }) {
      case .moved(let count):
        pieces.append(Piece(bytes: room[..<count], due: due))
        byteCount += count
        all += room[..<count]
      case .wouldBlock: return all
      case .endOfStream: hasEnded = true
      case .failed:
        // What it said last is passed on all the same.
        hasEnded = true
        isLost = true
      }
    }
    return all
  }

  /// Passes on what is due, `limit` bytes at the most.
  /// - Returns: how many it were.
  mutating func write(to sink: borrowing FileDescriptor, limit: Int, now: Int64) -> Int {
    var moved = 0
    while moved < limit, let first = pieces.first, first.due <= now {
      let part = first.bytes.prefix(limit - moved)
      switch sink.send(part.span.bytes) {
      case .moved(let count):
        moved += count
        byteCount -= count
        pieces[0].bytes.removeFirst(count)
        if pieces[0].bytes.isEmpty { pieces.removeFirst() }
      case .wouldBlock, .endOfStream: return moved
      case .failed:
        pieces = []
        byteCount = 0
        hasEnded = true
        isLost = true
      }
    }
    return moved
  }
}
