import Platform
import Records
import Storage
import Testing

/// How fast sealing goes, and where it goes on.
struct SealingPolicyTests {
  private typealias Plan = SealingPolicy.Plan

  private let policy = SealingPolicy(maxBytes: 1000, segmentBytes: 100, whenFull: .dropOldest)

  /// Segments of 100 bytes, or 20 when sealed, at offsets 0, 10, 20, …
  private func segments(sealed: Int = 0, unsealed: Int) -> [SegmentList.Segment] {
    (0..<(sealed + unsealed)).map { index in
      var segment = SegmentList.Segment(base: Offset(index * 10), bytes: index < sealed ? 20 : 100)
      if index < sealed {
        segment.summary = SegmentSummary(endOffset: Offset(index * 10 + 10), isSealed: true, unsealedBytes: 100)
      }
      return segment
    }
  }

  @Test(arguments: [true, false])
  func `it rests while half of the log has room for what is unsealed`(keepsUp: Bool) {
    for (sealed, unsealed) in [(0, 1), (0, 5), (20, 5), (30, 4)] {
      let plan = policy.plan(segments(sealed: sealed, unsealed: unsealed), slowest: nil, keepsUp: keepsUp)
      #expect(plan == Plan(rests: true), "\(sealed) sealed, \(unsealed) unsealed")
    }
  }

  @Test func `it does not rest when more is unsealed, as long as that can be caught up with`() {
    #expect(policy.plan(segments(unsealed: 6), slowest: nil, keepsUp: true) == Plan(rests: false))
    #expect(policy.plan(segments(sealed: 20, unsealed: 6), slowest: nil, keepsUp: true) == Plan(rests: false))
    #expect(policy.plan(segments(unsealed: 10), slowest: 0, keepsUp: true) == Plan(rests: false))
  }

  @Test func `nor while there is room, though more comes in than it can seal`() {
    #expect(policy.plan(segments(unsealed: 6), slowest: nil, keepsUp: false) == Plan(rests: false))
    #expect(policy.plan(segments(unsealed: 9), slowest: 0, keepsUp: false) == Plan(rests: false))
  }

  @Test func `once the log is full and the race is lost, the newest come first, and what comes in goes first`() {
    let lost = Plan(rests: true, takesNewestFirst: true)
    #expect(policy.plan(segments(unsealed: 10), slowest: nil, keepsUp: false) == lost)
    #expect(policy.plan(segments(sealed: 20, unsealed: 6), slowest: nil, keepsUp: false) == lost)
    // Everybody has got what goes next.
    #expect(policy.plan(segments(unsealed: 10), slowest: 10, keepsUp: false) == lost)
  }

  @Test func `it never rests while somebody waits for what goes next`() {
    let plan = policy.plan(segments(unsealed: 10), slowest: 9, keepsUp: false)
    #expect(plan == Plan(rests: false, takesNewestFirst: true))
  }

  @Test func `it compresses as well as it can where it rests, and not where it loses the race`() {
    #expect(Plan(rests: true).effort == .thorough)
    #expect(Plan(rests: false).effort == .quick)
    #expect(Plan(rests: true, takesNewestFirst: true).effort == .quick)
  }

  @Test func `a log that drops nothing is sealed without a rest`() {
    var policy = policy
    policy.whenFull = .refuse
    #expect(policy.plan(segments(unsealed: 10), slowest: nil, keepsUp: false) == Plan(rests: false))
  }
}
