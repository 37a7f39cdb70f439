/// The demonstration's chance: the same seed gives the same day (SplitMix64).
struct DemoRandom: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) {
    state = seed
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

/// A measured value that moves slowly about its mean and never leaves its range.
struct DemoValue {
  private let mean: Double
  private let spread: Double
  private(set) var value: Double

  init(mean: Double, spread: Double, _ random: inout DemoRandom) {
    self.mean = mean
    self.spread = spread
    value = mean + Double.random(in: -0.3...0.3, using: &random) * spread
  }

  mutating func step(_ random: inout DemoRandom) {
    value += (mean - value) * 0.02 + Double.random(in: -0.08...0.08, using: &random) * spread
    value = min(max(value, mean - spread), mean + spread)
  }
}
