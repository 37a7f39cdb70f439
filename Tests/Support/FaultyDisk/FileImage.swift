import Glibc

/// The bytes of a file in memory. Copied piece by piece and never as a whole, so that a long file costs no more than
/// what is written to it.
package struct FileImage: ~Copyable {
  private var memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 512, alignment: 16)
  package private(set) var count = 0

  package init() {}

  deinit { memory.deallocate() }

  package var array: [UInt8] { piece(0..<count) }

  func piece(_ range: Range<Int>) -> [UInt8] {
    [UInt8](copying: UnsafeRawBufferPointer(rebasing: memory[range]))
  }

  /// Copies what there is at `offset` to `buffer`.
  /// - Returns: how many bytes; fewer than asked for at the end.
  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) -> Int {
    let length = min(buffer.count, count - offset)
    guard length > 0 else { return 0 }
    memcpy(buffer.baseAddress!, memory.baseAddress! + offset, length)
    return length
  }

  package mutating func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) {
    guard let source = bytes.baseAddress, bytes.count > 0 else { return }
    if count < offset + bytes.count { resize(to: offset + bytes.count) }
    memcpy(memory.baseAddress! + offset, source, bytes.count)
  }

  /// Cuts, or fills up with zeros.
  package mutating func resize(to newCount: Int) {
    if newCount > memory.count { grow(to: newCount) }
    if newCount > count { memset(memory.baseAddress! + count, 0, newCount - count) }
    count = newCount
  }

  mutating func flip(bit: Int) {
    memory[bit / 8] ^= 1 << UInt8(bit % 8)
  }

  mutating func replace(by other: borrowing FileImage) {
    count = 0
    write(UnsafeRawBufferPointer(rebasing: other.memory[..<other.count]), at: 0)
  }

  private mutating func grow(to newCount: Int) {
    let larger = UnsafeMutableRawBufferPointer.allocate(
      byteCount: max(newCount, memory.count * 2), alignment: 16)
    memcpy(larger.baseAddress!, memory.baseAddress!, count)
    memory.deallocate()
    memory = larger
  }
}

extension [UInt8] {
  /// One copy in one call, in a debug build too.
  init(copying bytes: UnsafeRawBufferPointer) {
    self.init(unsafeUninitializedCapacity: bytes.count) { buffer, count in
      if let source = bytes.baseAddress { memcpy(buffer.baseAddress!, source, bytes.count) }
      count = bytes.count
    }
  }
}
