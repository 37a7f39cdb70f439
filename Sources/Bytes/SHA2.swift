/// SHA-256 and SHA-512 (FIPS 180-4), with HMAC (RFC 2104) and PBKDF2 (RFC 8018): what a password is proved with. Small
/// rather than fast.
package enum SHA2: Hashable, Sendable {
  case sha256
  case sha512

  package var digestBytes: Int { self == .sha256 ? 32 : 64 }
  private var blockBytes: Int { self == .sha256 ? 64 : 128 }

  package func digest(of message: [UInt8]) -> [UInt8] {
    switch self {
    case .sha256:
      return Self.digest(
        message, Self.start.map { UInt32(truncatingIfNeeded: $0 >> 32) }, Self.rounds256, Rotations.of256)
    case .sha512: return Self.digest(message, Self.start, Self.rounds512, Rotations.of512)
    }
  }

  package func hmac(key: [UInt8], _ message: [UInt8]) -> [UInt8] {
    var block = key.count > blockBytes ? digest(of: key) : key
    block += [UInt8](repeating: 0, count: blockBytes - block.count)
    return digest(of: block.map { $0 ^ 0x5C } + digest(of: block.map { $0 ^ 0x36 } + message))
  }

  /// As many bytes as the digest has.
  package func pbkdf2(_ password: [UInt8], salt: [UInt8], iterations: Int) -> [UInt8] {
    var turn = hmac(key: password, salt + [0, 0, 0, 1])
    var result = turn
    for _ in 1..<max(iterations, 1) {
      turn = hmac(key: password, turn)
      for index in result.indices { result[index] ^= turn[index] }
    }
    return result
  }

  /// By how many bits words are rotated; the third of a small sigma is a shift.
  private struct Rotations {
    let big0: (Int, Int, Int)
    let big1: (Int, Int, Int)
    let small0: (Int, Int, Int)
    let small1: (Int, Int, Int)

    static let of256 = Rotations(big0: (2, 13, 22), big1: (6, 11, 25), small0: (7, 18, 3), small1: (17, 19, 10))
    static let of512 = Rotations(big0: (28, 34, 39), big1: (14, 18, 41), small0: (1, 8, 7), small1: (19, 61, 6))
  }

  private static func digest<Word: FixedWidthInteger & UnsignedInteger>(
    _ message: [UInt8], _ start: [Word], _ rounds: [Word], _ rotations: Rotations
  ) -> [UInt8] {
    let wordBytes = Word.bitWidth / 8
    let blockBytes = 16 * wordBytes
    var padded = message + [0x80]
    // The message's length in bits goes into the last two words.
    while padded.count % blockBytes != blockBytes - 2 * wordBytes { padded.append(0) }
    padded += [UInt8](repeating: 0, count: 2 * wordBytes - 8)
    let bits = UInt64(message.count) * 8
    padded += (0..<8).map { UInt8(truncatingIfNeeded: bits >> (56 - 8 * $0)) }
    var state = start
    var schedule = [Word](repeating: 0, count: rounds.count)
    for block in stride(from: 0, to: padded.count, by: blockBytes) {
      for index in 0..<16 {
        let bytes = padded[(block + index * wordBytes)..<(block + (index + 1) * wordBytes)]
        schedule[index] = bytes.reduce(0) { $0 << 8 | Word($1) }
      }
      compress(&state, &schedule, rounds, rotations)
    }
    return state.flatMap { word in
      (0..<wordBytes).map { UInt8(truncatingIfNeeded: word >> Word(Word.bitWidth - 8 - 8 * $0)) }
    }
  }

  private static func compress<Word: FixedWidthInteger & UnsignedInteger>(
    _ state: inout [Word], _ schedule: inout [Word], _ rounds: [Word], _ rotations: Rotations
  ) {
    for index in 16..<rounds.count {
      let (early, late) = (schedule[index - 15], schedule[index - 2])
      schedule[index] =
        schedule[index - 16] &+ mixed(early, rotations.small0, shifts: true) &+ schedule[index - 7]
        &+ mixed(late, rotations.small1, shifts: true)
    }
    var (a, b, c, d) = (state[0], state[1], state[2], state[3])
    var (e, f, g, h) = (state[4], state[5], state[6], state[7])
    for index in rounds.indices {
      let choice = (e & f) ^ (~e & g)
      let first = h &+ mixed(e, rotations.big1) &+ choice &+ rounds[index] &+ schedule[index]
      let majority = (a & b) ^ (a & c) ^ (b & c)
      let second = mixed(a, rotations.big0) &+ majority
      (h, g, f, e, d, c, b, a) = (g, f, e, d &+ first, c, b, a, first &+ second)
    }
    for (index, word) in [a, b, c, d, e, f, g, h].enumerated() { state[index] = state[index] &+ word }
  }

  private static func mixed<Word: FixedWidthInteger & UnsignedInteger>(
    _ word: Word, _ bits: (Int, Int, Int), shifts: Bool = false
  ) -> Word {
    func rotated(_ count: Int) -> Word { word >> Word(count) | word << Word(Word.bitWidth - count) }
    return rotated(bits.0) ^ rotated(bits.1) ^ (shifts ? word >> Word(bits.2) : rotated(bits.2))
  }

  /// Fractions of the square roots of the first primes; SHA-256 has their upper halves.
  private static let start: [UInt64] = [
    0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1, 0x510e527fade682d1,
    0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
  ]

  private static let rounds256: [UInt32] = rounds512.prefix(64).map { UInt32(truncatingIfNeeded: $0 >> 32) }

  /// Fractions of the cube roots of the first primes.
  private static let rounds512: [UInt64] = [
    0x428a2f98d728ae22, 0x7137449123ef65cd, 0xb5c0fbcfec4d3b2f, 0xe9b5dba58189dbbc, 0x3956c25bf348b538,
    0x59f111f1b605d019, 0x923f82a4af194f9b, 0xab1c5ed5da6d8118, 0xd807aa98a3030242, 0x12835b0145706fbe,
    0x243185be4ee4b28c, 0x550c7dc3d5ffb4e2, 0x72be5d74f27b896f, 0x80deb1fe3b1696b1, 0x9bdc06a725c71235,
    0xc19bf174cf692694, 0xe49b69c19ef14ad2, 0xefbe4786384f25e3, 0x0fc19dc68b8cd5b5, 0x240ca1cc77ac9c65,
    0x2de92c6f592b0275, 0x4a7484aa6ea6e483, 0x5cb0a9dcbd41fbd4, 0x76f988da831153b5, 0x983e5152ee66dfab,
    0xa831c66d2db43210, 0xb00327c898fb213f, 0xbf597fc7beef0ee4, 0xc6e00bf33da88fc2, 0xd5a79147930aa725,
    0x06ca6351e003826f, 0x142929670a0e6e70, 0x27b70a8546d22ffc, 0x2e1b21385c26c926, 0x4d2c6dfc5ac42aed,
    0x53380d139d95b3df, 0x650a73548baf63de, 0x766a0abb3c77b2a8, 0x81c2c92e47edaee6, 0x92722c851482353b,
    0xa2bfe8a14cf10364, 0xa81a664bbc423001, 0xc24b8b70d0f89791, 0xc76c51a30654be30, 0xd192e819d6ef5218,
    0xd69906245565a910, 0xf40e35855771202a, 0x106aa07032bbd1b8, 0x19a4c116b8d2d0c8, 0x1e376c085141ab53,
    0x2748774cdf8eeb99, 0x34b0bcb5e19b48a8, 0x391c0cb3c5c95a63, 0x4ed8aa4ae3418acb, 0x5b9cca4f7763e373,
    0x682e6ff3d6b2b8a3, 0x748f82ee5defb2fc, 0x78a5636f43172f60, 0x84c87814a1f0ab72, 0x8cc702081a6439ec,
    0x90befffa23631e28, 0xa4506cebde82bde9, 0xbef9a3f7b2c67915, 0xc67178f2e372532b, 0xca273eceea26619c,
    0xd186b8c721c0c207, 0xeada7dd6cde0eb1e, 0xf57d4f7fee6ed178, 0x06f067aa72176fba, 0x0a637dc5a2c898a6,
    0x113f9804bef90dae, 0x1b710b35131c471b, 0x28db77f523047d84, 0x32caab7b40c72493, 0x3c9ebe0a15c9bebc,
    0x431d67c49c100d4c, 0x4cc5d4becb3e42b6, 0x597f299cfc657e2a, 0x5fcb6fab3ad6faec, 0x6c44198c4a475817,
  ]
}
