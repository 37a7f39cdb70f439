import Glibc
import Platform
import Support
import Testing

/// `FOREBAY_SIMULATION_SEEDS=5000` runs more lives; `FOREBAY_SIMULATION_SEED=17` replays one.
struct LogSimulationTests {
  private static let lanes = 4
  private static let crashesPerLife = 25
  private static let standardSeeds = 800
  private static let standardCrashes = 20_000

  @Test(arguments: 0..<lanes)
  func `the log keeps its promises, however its processes end`(lane: Int) {
    if Self.replayed == nil { Journal.silence() }
    var crashes = 0
    var failures = 0
    for seed in Self.seeds where Int(seed) % Self.lanes == lane {
      do {
        let life = try LogSimulation(seed: seed, isTraced: Self.replayed != nil)
        try life.run(crashes: Self.crashesPerLife)
        try life.verify()
        crashes += life.crashes
      } catch {
        Issue.record(
          "seed \(seed): \(error); replay: FOREBAY_SIMULATION_SEED=\(seed) swift test --filter LogSimulationTests")
        failures += 1
        if failures == 5 { return }
      }
    }
    print("\(crashes) crashes")
    if Self.seeds.count >= Self.standardSeeds { #expect(crashes >= Self.standardCrashes / Self.lanes) }
  }

  private static var seeds: Range<UInt64> {
    if let replayed { return replayed..<(replayed + 1) }
    return 1..<((number("FOREBAY_SIMULATION_SEEDS") ?? UInt64(standardSeeds)) + 1)
  }

  private static var replayed: UInt64? { number("FOREBAY_SIMULATION_SEED") }

  private static func number(_ variable: String) -> UInt64? {
    getenv(variable).flatMap { UInt64(String(cString: $0)) }
  }
}
