import Bytes
import Platform

extension DiskFile {
  /// Writes `range` of `source` at `offset`, as far as `source` has it. Not synced.
  func copy(_ range: Range<Int>, of source: any DiskFile, at offset: Int = 0) throws(SystemError) {
    let pieceBytes = 64 << 10
    var buffer = ByteWriter(capacity: min(pieceBytes, max(range.count, 16)))
    var position = range.lowerBound
    while position < range.upperBound {
      buffer.removeAll()
      let count = try buffer.append(upTo: min(pieceBytes, range.upperBound - position)) { room throws(SystemError) in
        try source.read(into: room, at: position)
      }
      guard count > 0 else { break }
      try write(buffer.bytes, at: offset + position - range.lowerBound)
      position += count
    }
  }
}
