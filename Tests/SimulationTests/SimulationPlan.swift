import Storage
import Support

/// How one life of the simulation goes, by its seed.
struct SimulationPlan {
  var configuration = LogConfiguration(directory: "/data")
  /// The size of the disk; nil: it never fills up.
  var capacity: Int?
  /// Operations fail now and then.
  var hasFaults: Bool
  /// Bits flip on the disk between one start and the next.
  var flipsBits: Bool

  /// Old records may be dropped.
  var mayRetire: Bool { capacity != nil || configuration.maxBytes < 1 << 30 }

  init(_ random: inout SeededGenerator) {
    configuration.segmentBytes = [2048, 4096, 16384][random.below(3)]
    if random.oneIn(2) { configuration.maxBytes = configuration.segmentBytes * (4 + random.below(4)) }
    if random.oneIn(4) { capacity = configuration.segmentBytes * (8 + random.below(4)) }
    hasFaults = random.oneIn(4)
    flipsBits = random.oneIn(4)
  }
}
