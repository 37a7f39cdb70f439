import Records
import Storage
import Testing

/// What the policy decides: one row a situation. Segments of 100 records and 100 bytes each, unless said otherwise.
struct RetentionPolicyTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    var whenFull = WhenFull.dropOldest
    var maxBytes = 1000
    var maxAge: Int64?
    var keepFree = 0
    /// Oldest first; the last is the one that is written to.
    var bytes = [100, 100, 100, 100]
    var ages: [Int64] = [40, 30, 20, 10]
    var consumers: [Offset] = []
    var demand = 0
    var givenBack = 0
    var isOutOfSpace = false
    var freed = 0
    var free = 10_000
    let action: RetentionPolicy.Action
    var testDescription: String { name }
  }

  static let withinLimits = [
    Case(name: "within every limit", maxAge: 50, keepFree: 500, action: .keep),
    Case(name: "no segment at all", bytes: [], demand: 100, action: .keep),
    Case(name: "one segment, whatever the limits", maxBytes: 1, bytes: [100], ages: [0], demand: 100, action: .keep),
    Case(
      name: "one segment, refusing", whenFull: .refuse, maxBytes: 1, bytes: [100], ages: [0], demand: 100, action: .keep
    ),
    Case(name: "exactly the limit", maxBytes: 500, demand: 100, action: .keep),
  ]

  static let bySize = [
    Case(name: "one byte over", maxBytes: 499, demand: 100, action: .drop(1, .maxBytes)),
    Case(name: "over by more than the oldest", maxBytes: 399, demand: 100, action: .drop(2, .maxBytes)),
    Case(name: "a limit lowered to nothing keeps the newest", maxBytes: 0, demand: 100, action: .drop(3, .maxBytes)),
    Case(name: "by the clock alone", maxBytes: 350, action: .drop(1, .maxBytes)),
    Case(
      name: "unequal segments", maxBytes: 300, bytes: [10, 500, 20, 30], action: .drop(2, .maxBytes)),
    Case(name: "consumed or not", maxBytes: 399, consumers: [0], demand: 100, action: .drop(2, .maxBytes)),
  ]

  static let byAge = [
    Case(name: "exactly as old as allowed", maxAge: 40, action: .keep),
    Case(name: "older than allowed", maxAge: 25, action: .drop(2, .maxAge)),
    Case(name: "all too old keeps the newest", maxAge: 1, action: .drop(3, .maxAge)),
    Case(
      name: "an older one behind a younger waits for it", maxAge: 25, ages: [20, 30, 40, 0], action: .keep),
    Case(name: "age before size", maxBytes: 100, maxAge: 35, action: .drop(1, .maxAge)),
  ]

  static let bySpace = [
    Case(name: "the demand must leave it free", keepFree: 500, demand: 100, free: 599, action: .drop(1, .keepFree)),
    Case(name: "left free", keepFree: 500, demand: 100, free: 600, action: .keep),
    Case(name: "as many as it takes", keepFree: 500, demand: 100, free: 350, action: .drop(3, .keepFree)),
    Case(
      name: "others have filled the disk: the log only does not grow", keepFree: 5000, demand: 150, free: 160,
      action: .drop(1, .keepFree)),
    Case(
      name: "others have filled the disk, small segments behind", keepFree: 5000, bytes: [40, 40, 40, 40, 100],
      ages: [4, 3, 2, 1, 0], demand: 150, givenBack: 60, free: 160, action: .drop(2, .keepFree)),
    Case(
      name: "what the newest gives back counts", keepFree: 500, demand: 100, givenBack: 10, free: 590, action: .keep),
    Case(name: "not even the demand is free", keepFree: 50, demand: 150, free: 149, action: .drop(1, .diskFull)),
    Case(
      name: "not even the demand is free, and one segment", bytes: [9], ages: [0], demand: 150, free: 0, action: .keep),
    Case(
      name: "others have filled the disk, and that has been done", keepFree: 5000, demand: 150, freed: 200, free: 100,
      action: .keep),
    Case(name: "others have filled the disk, by the clock alone", keepFree: 5000, free: 0, action: .keep),
    Case(name: "by the clock alone", keepFree: 500, free: 301, action: .drop(2, .keepFree)),
    Case(name: "what has gone counts as free", keepFree: 500, demand: 100, freed: 100, free: 500, action: .keep),
  ]

  static let refusing = [
    Case(
      name: "refuse: not consumed", whenFull: .refuse, maxBytes: 499, consumers: [99], demand: 100,
      action: .refuse(.maxBytes)),
    Case(
      name: "refuse: consumed", whenFull: .refuse, maxBytes: 499, consumers: [100], demand: 100,
      action: .drop(1, .maxBytes)),
    Case(
      name: "refuse: consumed by one and not the other", whenFull: .refuse, maxBytes: 499, consumers: [400, 99],
      demand: 100, action: .refuse(.maxBytes)),
    Case(
      name: "refuse: too little consumed goes all the same", whenFull: .refuse, maxBytes: 299, consumers: [150],
      demand: 100, action: .drop(1, .maxBytes)),
    Case(
      name: "refuse: no consumers", whenFull: .refuse, maxBytes: 499, maxAge: 1, demand: 100,
      action: .refuse(.maxBytes)),
    Case(name: "refuse: never by the clock alone", whenFull: .refuse, maxBytes: 1, keepFree: 99_999, action: .keep),
    Case(
      name: "refuse: too old and not consumed", whenFull: .refuse, maxAge: 5, consumers: [0], action: .keep),
    Case(
      name: "refuse: too old and consumed", whenFull: .refuse, maxAge: 5, consumers: [250], action: .drop(2, .maxAge)),
    Case(
      name: "refuse: no free space", whenFull: .refuse, keepFree: 500, consumers: [0], demand: 100, free: 599,
      action: .refuse(.keepFree)),
    Case(
      name: "refuse: no free space, but consumed segments", whenFull: .refuse, keepFree: 500, consumers: [400],
      demand: 100, free: 450, action: .drop(2, .keepFree)),
    Case(
      name: "refuse: others have filled the disk, and the log does not grow", whenFull: .refuse, keepFree: 5000,
      consumers: [400], demand: 100, freed: 100, free: 100, action: .keep),
  ]

  static let onFullDisk = [
    Case(
      name: "the disk gives nothing: as much as is needed", demand: 150, isOutOfSpace: true, action: .drop(2, .diskFull)
    ),
    Case(
      name: "the disk gives nothing, and one segment", bytes: [100], ages: [0], demand: 100, isOutOfSpace: true,
      action: .refuse(.diskFull)),
    Case(
      name: "the disk gives nothing, refusing", whenFull: .refuse, consumers: [50], demand: 100, isOutOfSpace: true,
      action: .refuse(.diskFull)),
    Case(
      name: "the disk gives nothing, refusing, consumed", whenFull: .refuse, consumers: [100], demand: 100,
      isOutOfSpace: true, action: .drop(1, .diskFull)),
  ]

  @Test(arguments: withinLimits + bySize + byAge + bySpace + refusing + onFullDisk)
  func `what goes`(row: Case) {
    let policy = RetentionPolicy(
      maxBytes: row.maxBytes, maxAgeMilliseconds: row.maxAge, keepFree: .bytes(row.keepFree), whenFull: row.whenFull)
    let segments = row.bytes.indices.map { index in
      RetentionPolicy.Segment(
        base: Offset(index * 100), end: Offset(index * 100 + 100), bytes: row.bytes[index],
        ageMilliseconds: row.ages[index])
    }
    let action = policy.decide(
      segments, consumers: row.consumers,
      demand: RetentionPolicy.Demand(
        bytes: row.demand, givenBackBytes: row.givenBack, isOutOfSpace: row.isOutOfSpace, freedBytes: row.freed),
      space: RetentionPolicy.Space(free: row.free, total: 100_000))
    #expect(action == row.action)
  }

  @Test func `a share of a large disk is four gibibytes at the most, a size is what it says`() {
    #expect(KeepFree.percent(5).bytes(ofTotal: 1000) == 50)
    #expect(KeepFree.percent(5).bytes(ofTotal: 1 << 40) == 4 << 30)
    #expect(KeepFree.bytes(8 << 30).bytes(ofTotal: 1 << 40) == 8 << 30)
  }
}
