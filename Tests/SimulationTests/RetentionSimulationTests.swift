import Glibc
import Platform
import Support
import Testing

/// `FOREBAY_RETENTION_SEEDS=2000` runs more lives; `FOREBAY_RETENTION_SEED=17` replays one.
struct RetentionSimulationTests {
  @Test func `what goes is said before, or does not go, whoever fills the disk and whenever the power fails`() {
    Journal.silence()
    var drops = 0
    var refusals = 0
    for seed in Self.seeds {
      do {
        let simulation = try RetentionSimulation(seed: seed)
        try simulation.run(powerCuts: 3)
        drops += simulation.drops
        refusals += simulation.refusals
      } catch {
        Issue.record(
          "seed \(seed): \(error); replay: FOREBAY_RETENTION_SEED=\(seed) swift test --filter RetentionSimulationTests")
        return
      }
    }
    print("\(drops) drops, \(refusals) refusals")
    if Self.seeds.count >= 50 { #expect(drops > 100 && refusals > 100) }
  }

  private static var seeds: Range<UInt64> {
    func number(_ name: String) -> UInt64? { getenv(name).flatMap { UInt64(String(cString: $0)) } }
    if let seed = number("FOREBAY_RETENTION_SEED") { return seed..<(seed + 1) }
    return 1..<((number("FOREBAY_RETENTION_SEEDS") ?? 50) + 1)
  }
}
