import Platform

/// Bytes on their way from one end to the other.
struct LineDirection: ~Copyable {
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)
  /// What was read and could not be sent.
  private var pending = 0..<0
  private(set) var bytes = 0

  deinit {
    buffer.deallocate()
  }

  /// Nothing is read until the far end has taken what there is.
  var isFull: Bool { !pending.isEmpty }

  /// Moves what is there, and lends to `observe` what was read.
  /// - Returns: false when one of both ends has closed.
  mutating func move(
    from source: borrowing FileDescriptor, to target: borrowing FileDescriptor,
    _ observe: (UnsafeRawBufferPointer) -> Void
  ) -> Bool {
    // Not without end: there are others.
    for _ in 0..<16 {
      if pending.isEmpty {
        switch source.read(into: buffer) {
        case .moved(let count):
          pending = 0..<count
          bytes += count
          observe(UnsafeRawBufferPointer(rebasing: buffer[pending]))
        case .wouldBlock: return true
        case .endOfStream, .failed: return false
        }
      }
      switch target.send(UnsafeRawBufferPointer(rebasing: buffer[pending]).bytes) {
      case .moved(let count): pending.removeFirst(count)
      case .wouldBlock: return true
      case .endOfStream, .failed: return false
      }
    }
    return true
  }
}
