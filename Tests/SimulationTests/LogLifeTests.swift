import Platform
import Storage
import Support
import Testing

/// Two loops over every disk operation of a life of the log: it fails, and it is the last.
struct LogLifeTests {
  init() { Journal.silence() }

  /// How many operations a life has that nothing goes wrong in.
  private static let operations: Int = {
    let life = LogLife()
    life.run()
    return life.disk.operations
  }()

  @Test func `a life without trouble seals, drops and moves its cursor`() throws {
    let life = LogLife()
    life.run()
    #expect(life.disk.paths.contains { $0.hasSuffix(".topics") })
    #expect(!life.disk.paths.contains("/data/log/00000000000000000000.log"))
    #expect((200...2000).contains(Self.operations))
    try life.check(isDurable: true)
  }

  @Test(arguments: 0..<2 as Range<UInt64>)
  func `the promises hold with the power cut after every operation`(seed: UInt64) throws {
    for operation in 1...Self.operations {
      let life = LogLife()
      life.disk.crash(afterOperation: operation)
      life.run()
      life.disk.powerCycle(seed: UInt64(operation) * 4 + seed)
      try Self.expect("after operation \(operation), seed \(seed)") { try life.check(isDurable: true) }
    }
  }

  struct Failure: Sendable, CustomTestStringConvertible {
    let name: String
    let errno: Int32
    let isLasting: Bool
    var testDescription: String { "\(name), \(isLasting ? "from there on" : "once")" }
  }

  static let failures = [
    Failure(name: "EIO", errno: 5, isLasting: false), Failure(name: "EIO", errno: 5, isLasting: true),
    Failure(name: "ENOSPC", errno: 28, isLasting: false), Failure(name: "ENOSPC", errno: 28, isLasting: true),
  ]

  @Test(arguments: failures)
  func `the promises hold with every operation failing in turn`(_ failure: Failure) throws {
    for operation in 1...Self.operations {
      let life = LogLife()
      let fault =
        failure.isLasting
        ? FaultyDisk.Fault.from(operation, errno: failure.errno) : .once(at: operation, errno: failure.errno)
      life.disk.setFault(fault)
      life.run()
      // A process that ends of a failure is started again, sometimes because the power has failed.
      let isPowerCut = operation % 2 == 0
      if isPowerCut { life.disk.powerCycle(seed: UInt64(operation)) } else { life.disk.endProcess() }
      try Self.expect("\(failure.testDescription), at operation \(operation)") {
        try life.check(isDurable: isPowerCut)
        // What memory showed, a power cut may have taken: but nothing that was acknowledged.
        life.disk.powerCycle(seed: UInt64(operation))
        try life.check(isDurable: true)
      }
    }
  }

  private static func expect(_ when: String, _ check: () throws -> Void) throws {
    do { try check() } catch { throw BrokenPromise("\(when): \(error)") }
  }
}
