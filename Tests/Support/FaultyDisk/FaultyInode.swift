/// A file of a `FaultyDisk`: what a reader sees, what is on the platter, and the changes between the two.
///
/// Outlives its name while it is open, as files do.
final class FaultyInode: @unchecked Sendable {
  // Unchecked: touched only with the disk's lock held.
  private(set) var current = FileImage()
  private var durable = FileImage()
  private var unsynced: [Change] = []
  /// Readers see what no sync will write any more.
  private var hasLost = false
  var openCount = 0
  /// What the file takes of the disk, in bytes.
  private(set) var reserved = 0

  private enum Change {
    case write(offset: Int, bytes: [UInt8])
    case length(Int)
  }

  /// Makes `contents` what is there, on the disk too.
  func overwrite(_ contents: [UInt8]) {
    current.resize(to: 0)
    contents.withUnsafeBytes { current.write($0, at: 0) }
    durable.replace(by: current)
    unsynced.removeAll()
    hasLost = false
    reserved = Self.blocks(contents.count)
  }

  static let blockBytes = 512

  /// What the first `count` bytes take of the disk.
  static func blocks(_ count: Int) -> Int { (count + blockBytes - 1) / blockBytes * blockBytes }

  func reserve(_ count: Int) {
    reserved = max(reserved, Self.blocks(count))
  }

  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) {
    current.write(bytes, at: offset)
    reserve(offset + bytes.count)
    unsynced.append(.write(offset: offset, bytes: [UInt8](copying: bytes)))
  }

  func setLength(_ count: Int) {
    if count < current.count { reserved = Self.blocks(count) }
    current.resize(to: count)
    unsynced.append(.length(count))
  }

  func sync() {
    for change in unsynced { apply(change) }
    unsynced.removeAll(keepingCapacity: true)
  }

  /// A sync, after which readers see what is on the disk.
  func reload() {
    sync()
    forgetLost()
  }

  private func forgetLost() {
    guard hasLost else { return }
    hasLost = false
    current.replace(by: durable)
    reserved = Self.blocks(current.count)
  }

  /// A sync that failed: some of it is on the disk. Readers still see all of it, and no later sync writes the rest, as
  /// Linux has it.
  func failSync(_ random: inout SeededGenerator) {
    hasLost = hasLost || !unsynced.isEmpty
    for change in unsynced { lose(change, &random) }
    unsynced.removeAll()
  }

  /// A power cut: some of the changes are on the disk, and that is what readers see now.
  func losePower(_ random: inout SeededGenerator) {
    failSync(&random)
    forgetLost()
  }

  /// Flips a bit on the disk.
  func flip(bit: Int) {
    if bit / 8 < current.count { current.flip(bit: bit) }
    if bit / 8 < durable.count { durable.flip(bit: bit) }
  }

  private func apply(_ change: Change) {
    switch change {
    case .write(let offset, let bytes): bytes.withUnsafeBytes { durable.write($0, at: offset) }
    case .length(let count): durable.resize(to: count)
    }
  }

  private func lose(_ change: Change, _ random: inout SeededGenerator) {
    switch change {
    case .length: if random.oneIn(2) { apply(change) }
    case .write(let offset, let bytes): bytes.withUnsafeBytes { loseSectors(of: $0, at: offset, &random) }
    }
  }

  /// Often everything is kept or everything lost; the interesting cases lie between.
  private func loseSectors(of bytes: UnsafeRawBufferPointer, at offset: Int, _ random: inout SeededGenerator) {
    let style = random.below(4)
    if style == 0 { return durable.write(bytes, at: offset) }
    if style == 1 { return }
    var start = 0
    while start < bytes.count {
      let end = min(bytes.count, ((offset + start) / 512 + 1) * 512 - offset)
      switch random.below(5) {
      case 0, 1, 2: durable.write(UnsafeRawBufferPointer(rebasing: bytes[start..<end]), at: offset + start)
      case 3: break
      default: random.bytes(end - start).withUnsafeBytes { durable.write($0, at: offset + start) }
      }
      start = end
    }
  }
}
