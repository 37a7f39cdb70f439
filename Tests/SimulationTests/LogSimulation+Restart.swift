import Platform
import Records
import Storage
import Support

// How a process ends, and what the next one finds.
extension LogSimulation {
  /// Ends the process, somehow, and starts the next.
  func end() throws {
    if disk.faultsHit > faultsHitBefore { isDiskTrusted = false }
    if disk.hasCrashed || random.oneIn(2) {
      note("power cut")
      letGo()
      crashes += 1
      cutPower()
      try restart()
    } else if random.oneIn(2), log!.failure == nil {
      note("end in order")
      endInOrder()
      try restart()
    } else {
      note("kill")
      letGo()
      crashes += 1
      disk.endProcess()
      try restart()
    }
    // One thing at a time: damage that could not be mended yet, for want of room, is enough.
    if plan.flipsBits, !log!.isRefusing, random.oneIn(4) { try flipBit() }
    begin()
  }

  private func cutPower() {
    disk.powerCycle(seed: random.next())
    isDiskTrusted = true
  }

  func open() throws {
    log = try Log.open(plan.configuration, disk: disk, time: time, startsThreads: false)
    epoch = log!.epoch
    for consumer in consumers { try consumer.open(log!, isDurable: true) }
    begin()
  }

  /// Commits what waits and closes the newest segment, as SIGTERM has a daemon do.
  private func endInOrder() {
    disk.inject([], seed: 0)
    disk.lose(Self.foreignFile)
    log!.close()
    letGo()
    // The power may have failed meanwhile.
    if disk.hasCrashed { cutPower() }
    disk.endProcess()
  }

  /// Starts the log, perhaps after more power cuts, and holds it to its promises.
  func restart(damage: Damage? = nil) throws {
    if random.oneIn(4) { loseSideFiles() }
    while random.oneIn(4) {
      disk.crash(afterOperation: disk.operations + 1 + random.below(30))
      _ = try? Log.open(plan.configuration, disk: disk, time: time, startsThreads: false)
      crashes += 1
      note("power cut in recovery")
      cutPower()
    }
    log = try Log.open(plan.configuration, disk: disk, time: time, startsThreads: false)
    let isMoved = epoch != log!.epoch
    if isMoved {
      note("a new epoch")
      model.beginEpoch()
    }
    epoch = log!.epoch
    note("opened: \(log!.startOffset)..<\(log!.durableEnd), \(log!.recoveryReport)")
    let contents = try LogContents(log!)
    if random.oneIn(3) { try openAgain(contents) }
    if random.oneIn(8) { try lookFromOutside(contents) }
    if plan.mayRetire { model.retire(upTo: contents, consumed: consumers.map(\.position).min()!) }
    try model.check(contents, startOffset: log!.startOffset, isDurable: isDiskTrusted)
    for consumer in consumers { try openCursor(consumer, damage, isMoved) }
  }

  private func openAgain(_ contents: LogContents) throws {
    // What there was no room for is done when there is.
    guard !log!.isRefusing else { return }
    log = nil
    disk.endProcess()
    log = try Log.open(plan.configuration, disk: disk, time: time, startsThreads: false)
    guard log!.recoveryReport.isEmpty else {
      throw BrokenPromise("opened again with nothing in between, the log reports \(log!.recoveryReport)")
    }
    guard try LogContents(log!) == contents else { throw BrokenPromise("opening twice gave different contents") }
  }

  private func lookFromOutside(_ contents: LogContents) throws {
    let stored = try StoredLog(directory: plan.configuration.directory, disk: disk)
    guard try LogContents(stored) == contents else { throw BrokenPromise("the log seen from outside differs") }
    guard try stored.findEnd() == log!.durableEnd || !model.damaged.isEmpty else {
      throw BrokenPromise("from outside the log ends at \(try stored.findEnd()), not \(log!.durableEnd)")
    }
  }

  private func openCursor(_ consumer: SimulatedConsumer, _ damage: Damage?, _ isMoved: Bool) throws {
    let expected = consumer.position
    let isDamaged = damage?.path.hasSuffix(consumer.name) ?? false
    try consumer.open(log!, isDurable: isDiskTrusted, isDamaged: isDamaged, isMoved: isMoved)
    guard consumer.position > expected, expected < log!.startOffset else { return }
    // It is said when the cursor is opened, if not before. What the gap records of earlier losses said may be lost by now;
    // the newest reach to what is kept.
    _ = log!.commitStep()
    let contents = try LogContents(log!)
    let starts = [log!.startOffset, contents.records.first?.offset ?? 0]
    guard starts.contains(where: { start in contents.retiredUnread.contains { $0.contains(start - 1) } }) else {
      throw BrokenPromise("\(consumer.name) missed offsets from \(expected) on, and no gap record says so")
    }
  }
}
