package import Bytes

/// Cuts what comes in pieces into lines. A line longer than the limit is cut off there; the rest of it is dropped.
package struct LineBuffer: ~Copyable {
  /// What has come and is not a whole line yet; for reads straight into it.
  package var pending = ByteWriter(capacity: 4096)
  private let maximumLineBytes: Int
  private var isDropping = false

  package init(maximumLineBytes: Int) {
    self.maximumLineBytes = maximumLineBytes
  }

  /// Takes the whole lines out of `pending`, without their line ends, and gives them to `body` in order.
  package mutating func takeLines(_ body: (String) -> Void) {
    var start = 0
    var lines: [String] = []
    var isDropping = isDropping
    pending.bytes.withUnsafeBytes { bytes in
      for (index, byte) in bytes.enumerated() where byte == 0x0A {
        if isDropping { isDropping = false } else { lines.append(Self.text(bytes[start..<index], maximumLineBytes)) }
        start = index + 1
      }
    }
    pending.removeFirst(start)
    if pending.count > maximumLineBytes {
      if !isDropping { lines.append(pending.bytes.extracting(0..<maximumLineBytes).text) }
      isDropping = true
    }
    if isDropping { pending.removeAll() }
    self.isDropping = isDropping
    for line in lines { body(line) }
  }

  /// Takes what is left at the end of the stream: a last line without a line end, or nothing.
  package mutating func takeRest() -> String? {
    guard !pending.isEmpty, !isDropping else { return nil }
    defer { pending.removeAll() }
    return pending.bytes.text
  }

  private static func text(_ line: Slice<UnsafeRawBufferPointer>, _ limit: Int) -> String {
    let ending = line.last == 0x0D ? line.dropLast() : line
    return String(decoding: ending.prefix(limit), as: UTF8.self)
  }
}
