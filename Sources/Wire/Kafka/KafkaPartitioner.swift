/// Which partition a key goes to: as the Java client has it by default, so that all writers of a topic agree.
package enum KafkaPartitioner {
  package static func partition(of key: RawSpan, count: Int32) -> Int32 {
    precondition(count > 0)
    return Int32(murmur2(key) & 0x7FFF_FFFF) % count
  }

  /// MurmurHash2, 32 bits, with Kafka's seed.
  package static func murmur2(_ bytes: RawSpan) -> UInt32 {
    let multiplier: UInt32 = 0x5BD1_E995
    var hash: UInt32 = 0x9747_B28C ^ UInt32(truncatingIfNeeded: bytes.byteCount)
    var position = 0
    while bytes.byteCount - position >= 4 {
      var word = UInt32(littleEndian: unsafe bytes.unsafeLoadUnaligned(fromByteOffset: position, as: UInt32.self))
      word = word &* multiplier
      word ^= word >> 24
      hash = (hash &* multiplier) ^ (word &* multiplier)
      position += 4
    }
    let rest = bytes.byteCount - position
    for index in 0..<rest {
      let byte = unsafe bytes.unsafeLoad(fromByteOffset: position + index, as: UInt8.self)
      hash ^= UInt32(byte) << UInt32(8 * index)
    }
    if rest > 0 { hash = hash &* multiplier }
    hash ^= hash >> 13
    hash = hash &* multiplier
    return hash ^ hash >> 15
  }
}
