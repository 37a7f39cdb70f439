/// Which partition of a super stream a key goes to: as RabbitMQ's Java client has it, so that all writers agree.
package enum RabbitMQRouting {
  private static let seed: UInt32 = 104_729

  package static func partition(of key: RawSpan, count: Int) -> Int {
    precondition(count > 0)
    return Int(murmur3(key)) % count
  }

  /// MurmurHash3, 32 bits (x86), with the seed of RabbitMQ's clients.
  package static func murmur3(_ bytes: RawSpan) -> UInt32 {
    var hash = seed
    var position = 0
    while bytes.byteCount - position >= 4 {
      let word = UInt32(littleEndian: unsafe bytes.unsafeLoadUnaligned(fromByteOffset: position, as: UInt32.self))
      hash ^= mixed(word)
      hash = rotated(hash, by: 13) &* 5 &+ 0xE654_6B64
      position += 4
    }
    var tail: UInt32 = 0
    for index in 0..<(bytes.byteCount - position) {
      let byte = unsafe bytes.unsafeLoad(fromByteOffset: position + index, as: UInt8.self)
      tail |= UInt32(byte) << UInt32(8 * index)
    }
    if position < bytes.byteCount { hash ^= mixed(tail) }
    hash ^= UInt32(truncatingIfNeeded: bytes.byteCount)
    hash = (hash ^ hash >> 16) &* 0x85EB_CA6B
    hash = (hash ^ hash >> 13) &* 0xC2B2_AE35
    return hash ^ hash >> 16
  }

  private static func mixed(_ word: UInt32) -> UInt32 { rotated(word &* 0xCC9E_2D51, by: 15) &* 0x1B87_3593 }

  private static func rotated(_ value: UInt32, by bits: UInt32) -> UInt32 { value << bits | value >> (32 - bits) }
}
